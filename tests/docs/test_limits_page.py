"""docs/limits.md names every limit that is a setting, with the number that is its default."""

import re

import pytest
from limits import parse_many

import config
from tests.support.settings import ROOT

PAGE = (ROOT / "docs/limits.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
FIELDS = config.SettingsSchema().fields
LIMITS = [name for name, field in FIELDS.items() if isinstance(field, config.Limit)]
NUMBERS = ["TASKS_PER_USER", "SESSIONS_PER_USER", "HASHING_QUEUE", "EVENTS_KEEP_COUNT"]
NUMBERS += ["IDEMPOTENCY_BYTES_PER_USER"]
DAY = 24 * 3600  # seconds


def cell_after(name: str) -> str:
    (found,) = re.findall(rf"^\|[^|\n]*\|[^|\n]*`{name}`[^|\n]*\|([^|\n]*)\|", PAGE, re.MULTILINE)
    return str(found).strip()


@pytest.mark.parametrize("name", LIMITS)
def test_a_rate_is_its_default(name: str) -> None:
    assert parse_many(cell_after(name)) == FIELDS[name].load_default
    (example,) = re.findall(rf"^#{name}=(.*)$", EXAMPLE, re.MULTILINE)
    assert parse_many(example) == FIELDS[name].load_default


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_its_default(name: str) -> None:
    assert cell_after(name).split()[0] == f"{FIELDS[name].load_default:,}"


def test_days_are_their_defaults() -> None:
    default = {name: field.load_default for name, field in FIELDS.items()}
    events = f"{default['EVENTS_KEEP_COUNT']:,} or {default['EVENTS_KEEP_DAYS']} days"
    assert cell_after("EVENTS_KEEP_DAYS") == events
    access, refresh = (default[f"{kind}_TOKEN_SECONDS"] / DAY for kind in ("ACCESS", "REFRESH"))
    for name in ("ACCESS_TOKEN_SECONDS", "REFRESH_TOKEN_SECONDS"):
        assert cell_after(name) == f"{access:g} and {refresh:g} days"


def test_every_rate_is_checked() -> None:
    assert len(LIMITS) >= 6
