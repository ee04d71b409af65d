"""The pages, and the scripts that they load."""

from flask import Blueprint

blp = Blueprint("site", __name__, static_folder="static", static_url_path="/static")
