"""The environment that tests run the application in; nothing of the developer's own leaks in."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-that-only-tests-know-0123456789abcdef"
_FROM_THE_MACHINE = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SYSTEMROOT")
_FROM_PYTEST = ("COVERAGE_PROCESS_CONFIG",)  # there while `--cov` measures


def setting_names() -> list[str]:
    """Return the name of every setting, as documented."""
    return re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def settings_for(database_url: str, **changes: object) -> dict[str, str]:
    """Return all settings as environment variables, `changes` applied; None asks for the default.

    Settings not named are empty, which means unset: a developer's `.env` cannot fill them.
    """
    settings: dict[str, object] = {
        "ENVIRONMENT": "testing",
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "RATELIMIT_ENABLED": "false",
        "ASYNC_MODE": "threading",
    }
    settings = dict.fromkeys(setting_names()) | settings | changes
    return {name: "" if value is None else str(value) for name, value in settings.items()}


def machine_environ() -> dict[str, str]:
    """Return what a child process needs of the machine's own environment."""
    names = _FROM_THE_MACHINE + _FROM_PYTEST
    return {name: os.environ[name] for name in names if name in os.environ}
