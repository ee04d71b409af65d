"""The application, for `gunicorn wsgi:app`, `flask --app wsgi ...` and any other WSGI server.

Nothing is patched here: an async library is patched in by the server, before it imports this.
`python wsgi.py` starts gunicorn.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    if os.name == "nt":
        sys.exit("gunicorn does not run on Windows. Serve with: flask --app wsgi run")
    os.chdir(Path(__file__).parent)
    # gunicorn reads this one by itself, and breaks off over what is no number.
    if os.environ.get("WEB_CONCURRENCY") == "":
        del os.environ["WEB_CONCURRENCY"]
    elif not os.environ.get("WEB_CONCURRENCY", "1").isdecimal():
        import config

        config.check()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *sys.argv[1:]])  # noqa: S606

# gunicorn.conf.py names this process's metrics files; without it they would have the process id.
if (name := os.environ.get("METRICS_NAME")) and "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]

import structlog

import config
from taskmaster import create_app
from taskmaster.core import lifecycle
from taskmaster.ops import migrations

config.read_dotenv()
app = create_app(config.load())
lifecycle.start_with_first_request(app)
migrations.look_before_run(app)

if "gunicorn.arbiter" in sys.modules and not hasattr(sys.stderr, "dropped"):
    # gunicorn.conf.py has not put its LogWriter there: gunicorn looks where it was started only,
    # and serves by its own defaults, one request at a time.
    conf = Path(__file__).with_name("gunicorn.conf.py")
    structlog.get_logger(__name__).warning("conf_not_read", remedy=f"gunicorn --config {conf}")
