"""Settings: what is refused names its variable; development needs none."""

import stat
from pathlib import Path

import pytest

import config

GOOD = {"ENVIRONMENT": "production", "SECRET_KEY": "x" * 32, "TRUSTED_HOSTS": "tasks.example"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
        ({"PORT": "none"}, "PORT"),
        ({"ASYNC_MODE": "asyncio"}, "ASYNC_MODE"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL"),
        ({"DATABASE_URL": "no url"}, "DATABASE_URL"),
        ({"ACCESS_TOKEN_SECONDS": "0"}, "ACCESS_TOKEN_SECONDS"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(changes: dict[str, str], named: str) -> None:
    config.load(GOOD)
    with pytest.raises(config.ConfigError, match=named):
        config.load(GOOD | changes)


def test_development_makes_and_keeps_its_own_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")
    first, second = config.load({}), config.load({})
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= config.MINIMUM_SECRET
    mode = (tmp_path / "instance" / "secret_key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_originals_database_variables_are_understood() -> None:
    names = {"DB_USER": "ada", "DB_PASSWORD": "p@ss/word", "DB_NAME": "tasks", "DB_PORT": "6543"}
    url = config.load(GOOD | names)["SQLALCHEMY_DATABASE_URI"]
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "ada", "p@ss/word", "127.0.0.1", 6543, "tasks",
    )  # fmt: skip
