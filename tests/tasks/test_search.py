"""search=: every word of the query begins a word of the title or description, in any script."""

# ruff: noqa: RUF001 (letters that look like others are the point)

from typing import Any

import pytest

from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import contents


def found(user: User, query: str, **params: Any) -> set[str]:
    """Return the titles that a search finds."""
    reply = succeed(user.get("tasks/", params={"search": query, "page_size": 100, **params}))
    assert reply["count"] == len(reply["results"])
    return {task["title"] for task in reply["results"]}


MATCHES = [
    # English, and what stands between words
    ("Water the plants", "water"),
    ("Water the plants", "WAT PLA"),
    ("Water the plants", "plants water"),
    ("Water the plants", "  w,t;p! "),
    ("Water the plants", "water water"),
    ("e-mail to ada@example.com", "example mail"),
    ("don't panic", "don't"),
    ("snake_case", "case"),
    ("version 10.2", "10 2"),
    ("x" * 100, "x" * 100),
    # case, in scripts where it is not one letter to one
    ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    ("οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
    ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
    ("ᾳδης", "ΑΙΔΗΣ"),
    ("Straße", "STRASSE"),
    ("STRASSE", "straße"),
    ("Straße", "straß"),
    ("GROẞ", "groß"),
    ("İSTANBUL", "istanbul"),
    ("istanbul", "İSTANBUL"),
    ("DIŞ KAPI", "dış kapı"),
    ("ısparta", "ISPARTA"),
    ("Молоко", "молоко"),
    ("ЁЛКА", "ёлка"),
    ("Ǆungla", "ǆUNGLA"),
    ("ﬁnance", "FIN"),
    ("ԲԱՐԵՎ", "բարեվ"),
    ("ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ", "საქართველო"),
    ("Ꭰ𐐀𞤀", "Ꭰ𐐨𞤢"),
    # the same letter written in two ways
    ("cafe\u0301 cre\u0300me", "CAF\u00c9 cr\u00e8me"),
    ("caf\u00e9", "cafe\u0301"),
    ("A\u030angstro\u0308m", "\u212bngstr\u00d6M"),
    ("Việt Nam", "vie\u0323\u0302t"),
    ("ｆｕｌｌ ｗｉｄｔｈ", "Full Width"),
    ("ﾊﾟﾝ", "パン"),
    # marks are part of a word; a query may end before one
    ("हिन्दी सीखो", "हिन्दी"),
    ("हिन्दी सीखो", "हि सी"),
    ("हिन्दी सीखो", "ह"),
    ("தமிழ்", "தமி"),
    ("ภาษาไทย", "ภาษา"),
    ("שָׁלוֹם", "שָׁלוֹם"),
    ("مرحبا بالعالم", "بال"),
    ("한국어 공부", "한국"),
    # no spaces between words: one word, found by its beginning
    ("日本語を学ぶ", "日本"),
    ("買牛奶。買麵包", "買麵"),
    ("٤٢ plants", "٤٢"),
    # signs have no meaning
    ("anything", "a%"),
    ("anything", "an*"),
]


def test_what_is_found(user: User) -> None:
    for title, query in MATCHES:
        task = user.create_task(title)
        assert title in found(user, query), (title, query)
        user.patch(f"tasks/{task['id']}/", {"title": "other", "description": title})
        assert "other" in found(user, query), (title, query)
        user.delete(f"tasks/{task['id']}/")
        assert found(user, query) == set(), (title, query)


MISSES = [
    ("Water the plants", "ater"),
    ("Water the plants", "water trees"),
    ("Water the plants", "waters"),
    ("Water the plants", "waterthe"),
    ("caf\u00e9", "cafe"),
    ("Straße", "strase"),
    ("日本語", "本語"),
    ("हिन्दी", "न्दी"),
    ("x" * 99 + "y", "x" * 100),
    ("100%", "100x"),
    ("anything", "%"),
    ("anything", "any_hing"),
]


def test_what_is_not_found(user: User) -> None:
    for title, query in MISSES:
        task = user.create_task(title)
        assert found(user, query) == set(), (title, query)
        user.delete(f"tasks/{task['id']}/")


@pytest.mark.parametrize("query", ["", " ", "...", "%", "_", "*", "'", "\\", "🌱", "— «»", "\t\n"])
def test_no_word_no_result(user: User, query: str) -> None:
    user.create_task("% _ * ' \\ 🌱 and words")
    assert found(user, query) == set()
    by_cursor = succeed(user.get("tasks/", params={"search": query, "cursor": ""}))
    assert (by_cursor["results"], by_cursor["next"]) == ([], None)


def test_words_may_be_in_either_field(user: User) -> None:
    user.create_task("Water", description="the plants")
    user.create_task("Water", description="nothing else")
    user.create_task("Feed", description="the fish")
    assert found(user, "wat") == {"Water"}
    assert found(user, "wat pla") == {"Water"}
    assert found(user, "the") == {"Water", "Feed"}
    assert found(user, "waterthe") == set()  # the title ends a word


def test_follows_every_change(user: User, database: Database) -> None:
    task = user.create_task("One", description="first")
    path = f"tasks/{task['id']}/"
    user.patch(path, {"title": "Two"})
    assert found(user, "first two") == {"Two"}
    assert found(user, "one") == set()
    user.patch(path, {"description": ""})
    assert found(user, "first") == set()
    user.patch(path, {"status_task": "DONE"})
    assert found(user, "two") == {"Two"}
    user.delete(path)
    assert found(user, "two") == set()
    assert contents(database)["task_words"] == []


def test_all_of_the_longest_description(user: User) -> None:
    description = " ".join(f"w{number:04}" for number in range(1666))
    assert len(description) == 9_995
    user.create_task("Long", description=description + "!")
    for query in ("w0000", "w1665", "W1000 w0500 w0001", "long w1"):
        assert found(user, query) == {"Long"}, query
    assert found(user, "w1666") == set()


@pytest.mark.parametrize("letter", ["x", "界", "𝒳", "\ufdfa", "ΐ"])
def test_longest_word(user: User, letter: str) -> None:
    """One word of 10,000 characters, some of which grow when case is taken from them."""
    user.create_task("Long", description=letter * 10_000)
    assert found(user, letter * 200) == {"Long"}
    assert found(user, letter) == {"Long"}


def test_finds_only_ones_own(api: Api, user: User) -> None:
    user.create_task("mine")
    api.register().create_task("mine too, says another")
    assert found(user, "mine") == {"mine"}


@pytest.mark.parametrize("bad", ["x" * 201, "a\0b"])
def test_refused(user: User, bad: str) -> None:
    problem = assert_problem(user.get("tasks/", params={"search": bad}), 422, "validation_failed")
    assert problem["errors"].keys() == {"search"}
