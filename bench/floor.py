"""The floor: a constant answer through Flask, served as the application is."""

import sys
import warnings

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
import eventlet  # noqa: E402

eventlet.monkey_patch()  # before Flask is imported, as wsgi.py does

from flask import Flask  # noqa: E402

from taskmaster.server import serve  # noqa: E402

app = Flask(__name__)
app.config.update(
    HOST="127.0.0.1", PORT=int(sys.argv[1]), ENVIRONMENT="testing", ASYNC_MODE="eventlet"
)


@app.get("/constant/<uuid:_>/")
def constant(_: object) -> dict[str, str]:
    """Answer always the same."""
    return {"message": "constant"}


@app.get("/livez")
def livez() -> str:
    """Tell that it serves."""
    return "ok"


serve(app)
