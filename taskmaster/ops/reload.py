"""What gunicorn's parent lets a Python process of its own do, at the start and at a reload.

gunicorn.conf.py runs this file before the fork, so it does not import the application.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any

HERE = Path(__file__).resolve().parents[2]
# The child reports no metrics. It ends when its parent does, even by kill -9 (PR_SET_PDEATHSIG).
BARE = (
    "import ctypes, os, sys; sys.platform == 'linux' and ctypes.CDLL(None).prctl(1, 15); "
    "os.environ.pop('PROMETHEUS_MULTIPROC_DIR', 0); "
)
CONNECT = BARE + "import wsgi; from taskmaster.ops import migrations; migrations.connect(wsgi.app)"
UPGRADE = BARE + "import wsgi; from taskmaster.ops import migrations; migrations.upgrade(wsgi.app)"
# Imports the application as gunicorn does, to see whether it loads.
LOAD = BARE + "_, a, *sys.path = sys.argv; import gunicorn.util as u; u.import_app(a)"


def run(*arguments: str) -> bytes:
    """Return what a Python process prints; end where it fails, or when we are told to stop."""
    printed, _, code = _run(arguments, None)
    return printed if not code else sys.exit(code)  # it has said why


def _ask(*arguments: str) -> bytes:
    """Return what a Python process prints; raise SystemExit with what it says where it fails."""
    printed, said, code = _run(arguments, subprocess.PIPE)
    text = (said or b"").decode(errors="replace")
    if code:
        sys.exit(text.strip() or f"ended with {code}")
    sys.stderr.write(text)
    return printed


def _run(arguments: tuple[str, ...], stderr: int | None) -> tuple[bytes, bytes | None, int]:
    """Run a process. SIGTERM or SIGINT ends it first, then this process as gunicorn wants it."""
    command = [sys.executable, *arguments]
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (SIGTERM, SIGINT)}
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=stderr) as child:  # noqa: S603

        def end(number: int, frame: Any) -> None:
            child.terminate()
            handler = before[number]
            if not callable(handler) or handler is signal.default_int_handler:
                sys.exit(0)  # gunicorn does not serve yet
            handler(number, frame)

        for number in before:
            signal.signal(number, end)
        try:
            printed, said = child.communicate()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return printed, said, child.returncode


def migrate(settings: dict[str, Any]) -> None:
    """Migrate the database if MIGRATE_ON_START says so; end where that fails."""
    if settings["MIGRATE_ON_START"]:
        run("-c", UPGRADE)


def guard(server: Any, ours: dict[str, Any], check_address: Callable[..., None]) -> None:
    """Let the server reload only if what it would start can start. `ours` are its settings."""
    reload, read_again = server.reload, server.app.reload
    server.app.reload = lambda: None  # part of `reload()`, where a refusal would end the server

    def reload_if_possible() -> None:
        before = server.app.cfg
        try:
            settings = json.loads(_ask("config.py"))
            if (ours["HOST"], ours["PORT"]) in server.cfg.address:  # else an option says where
                check_address(settings["HOST"], settings["PORT"], server.cfg.address)
            _ask("-c", LOAD, server.app.app_uri, *sys.path)
            if settings["DATABASE"] != ours["DATABASE"]:  # the present one may be away
                _ask("-c", CONNECT)
            migrate(settings)
            read_again()  # gunicorn.conf.py and, through it, the settings: they may have changed
        except SystemExit as refusal:
            server.app.cfg = before
            # What has written why itself ends with a number, which says nothing to anybody.
            reason = refusal.code if isinstance(refusal.code, str) else "as the lines before say"
            server.log.error("Nothing is reloaded, the old processes go on: %s", reason)
        else:
            reload()
            ours.update(settings)

    def wait_for_signals(timeout: float) -> list[int]:
        return sorted(wait(timeout), key=lambda number: number == SIGHUP)  # a stop goes first

    server.reload, wait = reload_if_possible, server.wait_for_signals
    server.wait_for_signals = wait_for_signals
