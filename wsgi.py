"""Start here: `python wsgi.py` serves, `flask --app wsgi ...` runs commands.

The async library is chosen and patched in before anything else is imported: what is imported
earlier would keep blocking calls.
"""

import os
import signal
import sys
import warnings
from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).with_name(".env"))


def patch(mode: str) -> None:
    """Make the standard library's sockets, threads and locks those of the async library."""
    if mode == "eventlet":
        # psycopg knows gevent by itself; with eventlet it would block every request.
        os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
        # For password hashes, tens of MiB each: see core/concurrency.py.
        os.environ.setdefault("EVENTLET_THREADPOOL_SIZE", "2")
        warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
        import eventlet

        eventlet.monkey_patch()
    elif mode == "gevent":
        from gevent import monkey  # type: ignore[import-untyped]

        monkey.patch_all()


serving = __name__ == "__main__"
supervising = serving and (
    os.environ.get("WEB_CONCURRENCY", "") not in ("", "0", "1")
    and "TASKMASTER_LISTENER_FD" not in os.environ
)
if serving:
    # Until the server takes over: told to stop during start-up, there is nothing to finish.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

if "flask" in sys.modules:
    # A `flask` command: too late to patch, and one thread is all that it needs.
    os.environ["ASYNC_MODE"] = "threading"
elif not supervising:
    patch(os.environ.get("ASYNC_MODE") or "eventlet")

import config  # noqa: E402 - after patching

try:
    settings = config.load()
except config.ConfigError as error:
    sys.exit(str(error))

from taskmaster import create_app  # noqa: E402
from taskmaster.server import serve, supervise  # noqa: E402

if supervising:
    # The parent of several processes needs no app: it only holds the port.
    sys.exit(supervise(settings))

app = create_app(settings)

if serving:
    serve(app)
