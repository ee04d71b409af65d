"""A constant answer through Flask."""

from flask import Flask

app = Flask(__name__)


@app.get("/constant/<uuid:_>/")
def constant(_: object) -> dict[str, str]:
    """Answer always the same."""
    return {"message": "constant"}


@app.get("/livez")
def livez() -> str:
    """Tell that it serves."""
    return "ok"
