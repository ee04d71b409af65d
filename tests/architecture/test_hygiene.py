"""What is in the repository is ours, short, and holds on any machine."""

import re

import pytest

from tests.support.repository import tracked_files
from tests.support.settings import ROOT

# Written so that this file does not find itself.
FOREIGN = re.compile(
    r"(?<![\w.])/(?:w[o]rk|f[a]rm|r[o]ot|h[o]me)/|/opt/(?:w[h]eels|p[y]pi)|f[i]le:///"
    r"|pypi\.o[r]g|files\.pythonh[o]sted|registry\.npm[j]s|deb\.deb[i]an"
)
GENERATED = re.compile(
    r"(requirements(-dev)?|bench/requirements)\.txt|bench/results\..*|package-lock\.json|migrations/.*|LICENSE|.*\.webp"
)
LONGEST = 250


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    found = {name: (ROOT / name).read_text(errors="replace") for name in tracked_files()}
    assert {"Makefile", "requirements.txt", "package-lock.json"} <= found.keys()
    return found


def test_nothing_names_a_machine_or_a_registry(texts: dict[str, str]) -> None:
    places = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert places == []


def test_files_are_short(texts: dict[str, str]) -> None:
    lengths = {name: len(text.splitlines()) for name, text in texts.items()}
    ours = {name: length for name, length in lengths.items() if not GENERATED.fullmatch(name)}
    assert {name: length for name, length in ours.items() if length > LONGEST} == {}


def test_no_test_sleeps(texts: dict[str, str]) -> None:
    sleeping = [
        name
        for name, text in texts.items()
        if name.startswith("tests/") and name != "tests/support/waiting.py"
        if re.search(r"\bs[l]eep\(", text)
    ]
    assert sleeping == []


def test_every_requirement_is_pinned_and_hashed(texts: dict[str, str]) -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "bench/requirements.txt"):
        entries = re.split(r"\n(?=\w)", re.sub(r"^ *#.*\n", "", texts[name], flags=re.MULTILINE))
        assert len(entries) > 30
        for entry in entries:
            assert re.match(r"[\w.\[\],-]+==\S+", entry), entry
            assert "--hash=sha256:" in entry, entry
