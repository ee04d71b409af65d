"""What gunicorn's parent lets a Python process of its own do, at the start and at a reload.

gunicorn.conf.py runs this file before the fork, so it does not import the application.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
BARE = "import os; os.environ.pop('PROMETHEUS_MULTIPROC_DIR', 0); "  # it reports no metrics
CONNECT = BARE + "import wsgi; from taskmaster.ops import migrations; migrations.connect(wsgi.app)"
UPGRADE = BARE + "import wsgi; from taskmaster.ops import migrations; migrations.upgrade(wsgi.app)"
# Imports the application as gunicorn does, to see whether it loads.
LOAD = BARE + "import sys; _, a, *sys.path = sys.argv; import gunicorn.util as u; u.import_app(a)"


def run(*arguments: str) -> bytes:
    """Return what a Python process prints; end where it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=HERE, stdout=subprocess.PIPE)  # noqa: S603
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    return done.stdout


def _run_for_reload(*arguments: str) -> bytes:
    """Return what a Python process prints; raise SystemExit with what it says where it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=HERE, capture_output=True)  # noqa: S603
    said = done.stderr.decode(errors="replace")
    if done.returncode:
        sys.exit(said.strip() or f"ended with {done.returncode}")
    sys.stderr.write(said)
    return done.stdout


def migrate(settings: dict[str, Any], run: Callable[..., bytes] = run) -> None:
    """Migrate the database if MIGRATE_ON_START says so; end where that fails."""
    if settings["MIGRATE_ON_START"]:
        run("-c", UPGRADE)


def guard(server: Any, ours: dict[str, Any], check_address: Callable[..., None]) -> None:
    """Let the server reload only if what it would start can start. `ours` are its settings."""
    reload = server.reload

    def reload_if_possible() -> None:
        try:
            settings = json.loads(_run_for_reload("config.py"))
            if (ours["HOST"], ours["PORT"]) in server.cfg.address:  # else an option says where
                check_address(settings["HOST"], settings["PORT"], server.cfg.address)
            _run_for_reload("-c", LOAD, server.app.app_uri, *sys.path)
            if settings["DATABASE"] != ours["DATABASE"]:  # the present one may be away
                _run_for_reload("-c", CONNECT)
            migrate(settings, _run_for_reload)
        except SystemExit as refusal:
            told = "Nothing is reloaded, the old processes go on: %s"
            server.log.error(told, refusal.code)
        else:
            reload()
            ours.update(settings)

    server.reload = reload_if_possible
