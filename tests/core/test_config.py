"""Settings: what is refused names its variable; development needs none."""

import re
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
        ({"SECRET_KEY_FALLBACKS": f"{'y' * 32}, short"}, "SECRET_KEY_FALLBACKS"),
        ({"TRUSTED_HOSTS": " , "}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "*"}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "https://tasks.example"}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "tasks..example"}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "task_master"}, "TRUSTED_HOSTS"),  # werkzeug serves no such name
        ({"TRUSTED_HOSTS": f"{'x' * 64}.example"}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "b\u00fccher.example"}, "TRUSTED_HOSTS"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://x.example, *"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": ".*"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://*.corp.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://x.example/"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "https://x.example/board"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "x.example"}, "CORS_ORIGINS"),
        ({"CORS_ORIGINS": "null"}, "CORS_ORIGINS"),
        ({"ENVIRONMENT": "development", "CORS_ORIGINS": "*, https://x.example"}, "CORS_ORIGINS"),
        ({"REDIS_URL": "127.0.0.1:6379"}, "REDIS_URL"),
        ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host:port"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host/name"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host:99999"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host?socket_timeout=abc"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host?unknown=1"}, "REDIS_URL"),
        ({"REDIS_URL": "unix:///run/redis.sock?unknown=1"}, "REDIS_URL"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT: xml is none of: json, console"),
        ({"MIGRATE_ON_START": "perhaps"}, "MIGRATE_ON_START"),
        ({"PORT": "none"}, "PORT"),
        ({"ASYNC_MODE": "asyncio"}, "ASYNC_MODE"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL"),
        ({"DATABASE_URL": "no url"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL: a file is needed"),
        ({"DATABASE_URL": "sqlite:///file:x?mode=memory&uri=true"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///file:x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////data/tasks.db?unknown=1"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://data/tasks.db"}, "DATABASE_URL: sqlite:///file.db"),
        ({"DATABASE_URL": "postgresql://host/name?unknown=1"}, "DATABASE_URL: PostgreSQL"),
        ({"DATABASE_URL": "postgresql://host:99999/name"}, "DATABASE_URL: the port"),
        ({"DB_USER": "ada", "DB_PASSWORD": "x"}, "DB_NAME"),
        ({"DATABASE_URL_FILE": "/nowhere"}, "DATABASE_URL_FILE: /nowhere cannot be read"),
        ({"ACCESS_TOKEN_SECONDS": "0"}, "ACCESS_TOKEN_SECONDS"),
        ({"RATELIMIT_LOGIN": "often"}, "RATELIMIT_LOGIN: .*10 per minute"),
        ({"RATELIMIT_FLOOD": "10 per fortnight"}, "RATELIMIT_FLOOD"),
        ({"RATELIMIT_REGISTER": "0 per hour"}, "RATELIMIT_REGISTER: .*one at least"),
        ({"HASHING_QUEUE": "-1"}, "HASHING_QUEUE"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(changes: dict[str, str], named: str) -> None:
    config.load(GOOD)
    with pytest.raises(config.ConfigError, match=named):
        config.load(GOOD | changes)


@pytest.mark.parametrize(
    ("redis", "database"),
    [("redis://", "mysql://ada:guess-me@host/name"),
     ("redis://:guess-me@host:99999", "postgresql://ada:guess-me@host/name?guess-me=1"),
     ("redis://:guess-me\u2100@host", "postgresql://ada:guess-me@host:99999/name"),
     ("redis://host?guess-me=1", "sqlite:///file:guess-me")],
)  # fmt: skip
def test_all_faults_are_named_at_once(redis: str, database: str) -> None:
    wrong = {"SECRET_KEY": "short", "SECRET_KEY_FALLBACKS": "short", "TRUSTED_HOSTS": "",
             "CORS_ORIGINS": "*", "REDIS_URL": redis, "PORT": "none", "LOG_LEVEL": "LOUD",
             "DB_PASSWORD_FILE": "/nowhere", "DATABASE_URL": database,
             "HOST": "http://x"}  # fmt: skip
    with pytest.raises(config.ConfigError) as caught:
        config.load(GOOD | wrong)
    assert "\n" not in caught.value.message
    assert set(re.findall(r"(?:^|; )([A-Z_]+): ", caught.value.message)) == set(wrong)
    assert "guess-me" not in caught.value.message


@pytest.mark.parametrize("environment", ["production", "development"])
def test_older_keys_on_several_lines_are_refused_and_not_shown(environment: str) -> None:
    keys = f"{'y' * 32}\n{'z' * 32}"
    with pytest.raises(config.ConfigError) as caught:
        config.load(GOOD | {"ENVIRONMENT": environment, "SECRET_KEY_FALLBACKS": keys})
    assert re.fullmatch(r"SECRET_KEY_FALLBACKS: .+", caught.value.message)
    assert not re.search("yy|zz", caught.value.message)


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:6379/0", "redis://host", "rediss://ada:p@ss:word@host:6380/2?db=1",
     "redis://:secret@[::1]:6379", "unix:///run/redis.sock?db=1"],
)  # fmt: skip
def test_addresses_of_redis_are_understood(url: str) -> None:
    assert config.load(GOOD | {"REDIS_URL": url})["REDIS_URL"] == url


@pytest.mark.parametrize(
    "url",
    ["sqlite:////data/tasks.db", "postgresql+psycopg://ada@/name?host=%2Frun%2Fpg&sslmode=require",
     "postgresql+psycopg://ada@host:65535/name?application_name=tasks"],
)  # fmt: skip
def test_addresses_of_databases_are_understood(url: str) -> None:
    assert str(config.load(GOOD | {"DATABASE_URL": url})["SQLALCHEMY_DATABASE_URI"]) == url


@pytest.mark.parametrize(
    "host",
    ["http://x", "not a host", "256.1.1.1", "1.2.3", "x:8000", "[::1]", "::g", "*", "x..y",
     "unix:/run/tasks.sock", "x" * 64, "b\u00fccher.example", "x\n"],
)  # fmt: skip
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(config.ConfigError, match="HOST: a host name or an IP address"):
        config.load(GOOD | {"HOST": host})


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "127.0.0.1", "::", "fe80::1%eth0", "localhost", "tasks_web-1", "1.tasks.example."],  # noqa: S104
)
def test_hosts_are_understood(host: str) -> None:
    assert config.load(GOOD | {"HOST": host})["HOST"] == host


def test_it_is_served_on_loopback_port_8000_by_one_process_unless_told_otherwise() -> None:
    settings = config.load(GOOD)
    told = [settings[name] for name in ("HOST", "PORT", "WEB_CONCURRENCY")]
    assert told == ["127.0.0.1", 8000, 1]


def test_blanks_in_lists_do_not_count() -> None:
    lists = {"TRUSTED_HOSTS": " Tasks.example ,[::1]:8000, ,.corp.example:8000,",
             "CORS_ORIGINS": "https://x.example, http://[::1]:3000 "}  # fmt: skip
    settings = config.load(GOOD | lists)
    assert settings["ALLOWED_HOSTS"] == ["Tasks.example", "[::1]:8000", ".corp.example:8000"]
    assert settings["CORS_ORIGINS"] == ["https://x.example", "http://[::1]:3000"]


@pytest.mark.parametrize("name", config.FROM_FILES)
def test_secrets_may_come_from_files(name: str, tmp_path: Path) -> None:
    values = {"SECRET_KEY": "from a file, long enough for all",
              "DATABASE_URL": "postgresql+psycopg://ada@host/name",
              "DB_PASSWORD": " p@ss "}  # fmt: skip
    (file := tmp_path / "secret").write_text(values[name] + "\n")
    settings = config.load({**GOOD, "DB_NAME": "tasks", f"{name}_FILE": str(file)})
    url = settings["SQLALCHEMY_DATABASE_URI"]
    shown = {"SECRET_KEY": settings["JWT_SECRET_KEY"], "DB_PASSWORD": url.password,
             "DATABASE_URL": str(url)}  # fmt: skip
    assert shown[name] == values[name]
    file.write_text(f"{values[name]}\0")
    with pytest.raises(config.ConfigError, match=f"{name}_FILE: {file} has a NUL in it"):
        config.load({**GOOD, "DB_NAME": "tasks", f"{name}_FILE": str(file)})


@pytest.mark.parametrize(
    ("environment", "log_format"),
    [("production", "json"), ("testing", "json"), ("development", "console")],
)
def test_log_is_readable_in_development(environment: str, log_format: str) -> None:
    settings = GOOD | {"ENVIRONMENT": environment}
    assert config.load(settings)["LOG_FORMAT"] == log_format
    assert config.load(settings | {"LOG_FORMAT": "json"})["LOG_FORMAT"] == "json"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a first start."""
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")
    return tmp_path / "instance"


def test_development_makes_and_keeps_its_own_secret(instance: Path) -> None:
    first, second = config.load({}), config.load({})
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= config.MINIMUM_SECRET
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in instance.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_share_one_secret(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second starts at the worst moment: when the first has not written its secret yet."""
    second: list[str] = []

    def start_the_second(size: int) -> str:
        monkeypatch.undo()
        monkeypatch.setattr(config, "INSTANCE", instance)
        second.append(config.load({})["SECRET_KEY"])
        return "x" * size

    monkeypatch.setattr(config.secrets, "token_urlsafe", start_the_second)
    assert [config.load({})["SECRET_KEY"]] == second
    assert len(second[0]) >= config.MINIMUM_SECRET
    assert [file.name for file in instance.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff"])
def test_secret_that_cannot_be_read_is_named(instance: Path, content: bytes) -> None:
    instance.mkdir()
    (instance / "secret_key").write_bytes(content)
    with pytest.raises(config.ConfigError, match=r"SECRET_KEY_FILE: \S+secret_key "):
        config.load({})


def test_secret_that_cannot_be_made_is_named(instance: Path) -> None:
    instance.write_text("no directory")
    with pytest.raises(config.ConfigError, match=r"SECRET_KEY_FILE: \S+secret_key "):
        config.load({})


def test_the_originals_database_variables_are_understood() -> None:
    names = {"DB_USER": "ada", "DB_PASSWORD": "p@ss/word", "DB_NAME": "tasks", "DB_PORT": "6543"}
    url = config.load(GOOD | names)["SQLALCHEMY_DATABASE_URI"]
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "ada", "p@ss/word", "127.0.0.1", 6543, "tasks",
    )  # fmt: skip
