"""search=: every word of the query begins a word of the title or description, in any script."""

# ruff: noqa: RUF001 (letters that look like others are the point)

from typing import Any

import pytest

from taskmaster.core import clock
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
    ("Water the plants", "  wa,th;pl! "),
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
    # marks that are vowels are part of a word; a query may end before one
    ("हिन्दी सीखो", "हिन्दी"),
    ("हिन्दी सीखो", "हि सी"),
    ("தமிழ்", "தமி"),
    ("ภาษาไทย", "ภาษา"),
    ("שָׁלוֹם", "שָׁלוֹם"),
    ("مرحبا بالعالم", "بال"),
    ("한국어 공부", "한국"),
    ("हिंदी में", "हिं"),
    # accents, points and strokes, in either of the two
    ("Café", "cafe"),
    ("cafe", "CAFÉ"),
    ("ΟΔΥΣΣΕΎΣ", "οδυσσευς"),
    ("Łódź", "lodz"),
    ("Đà Nẵng", "da nang"),
    ("Smørrebrød på øl", "smorrebrod pa ol"),
    ("Þórr, Æsir, œuvre", "thorr aesir oeuvre"),
    ("İĞDIR", "igdir"),
    ("Йод и ёж", "иод еж"),
    ("שָׁלוֹם עולם", "שלום"),
    ("مُحَمَّد", "محمد"),
    ("أحمد", "احمد"),
    ("مـــرحبا", "مرحبا"),
    ("क़लम", "कलम"),
    # what cannot be seen
    ("wa\u00adter", "water"),
    ("می\u200cخواهم", "میخواهم"),
    ("\u2764\ufe0f 1\ufe0f\u20e3 heart", "1 heart"),
    # one letter is a word of its own, or a letter between others
    ("Plan B for a day", "b"),
    ("vitamin C", "c"),
    ("don't", "t"),
    ("Plan 9", "9"),
    # no spaces between words: found anywhere
    ("日本語を学ぶ", "日本"),
    ("日本語を学ぶ", "本語"),
    ("日本語を学ぶ", "学"),
    ("買牛奶。買麵包", "買麵"),
    ("買牛奶。買麵包", "麵包 牛奶"),
    ("カタカナを書く", "カナ"),
    ("パンとﾊﾟﾝ屋", "ン屋"),
    ("iPhone用ケース", "ケース"),
    ("東京tower", "tower 京"),
    ("第12回", "12"),
    ("ฉันเรียนภาษาไทย", "ภาษา"),
    ("ຂ້ອຍຮຽນພາສາລາວ", "ພາສາ"),
    ("ខ្ញុំរៀនភាសាខ្មែរ", "ភាសា"),
    ("မြန်မာစာလေ့လာ", "စာ"),
    ("ꆈꌠꉙꁱ", "ꌠꉙ"),
    ("ᥖᥭᥰᥘᥫᥴ", "ᥘᥫᥴ"),
    ("٤٢ plants", "٤٢"),
    # signs have no meaning
    ("anything", "an%"),
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
    ("Straße", "strase"),
    ("हिन्दी", "न्दी"),
    ("한국어", "국어"),
    # one letter is no beginning
    ("Water the plants", "w"),
    ("हिन्दी सीखो", "ह"),
    ("version 10", "1"),
    # vowels and voicing are no accents
    ("कुल", "कल"),
    ("ハハ", "パパ"),
    ("かぎ", "かき"),
    ("กู", "กิ"),
    # a script without spaces is no reason for others
    ("iPhone用ケース", "phone"),
    ("第12回", "2"),
    ("日本と本", "日と"),
    ("x" * 99 + "y", "x" * 100),
    ("100%", "100x"),
    ("anything", "any_hing"),
]


def test_what_is_not_found(user: User) -> None:
    for title, query in MISSES:
        task = user.create_task(title)
        assert found(user, query) == set(), (title, query)
        user.delete(f"tasks/{task['id']}/")


def test_no_word_no_filter(user: User) -> None:
    titles = {"% _ * ' \\ 🌱 and words", "🌱", "other"}
    for title in titles:
        user.create_task(title)
    for query in ["", " ", "...", "%", "_", "*", "'", "\\", "🌱", "— «»", "\t\n"]:
        assert found(user, query) == titles, query
        by_cursor = succeed(user.get("tasks/", params={"search": query, "cursor": ""}))
        assert {task["title"] for task in by_cursor["results"]} == titles, query


def test_words_may_be_in_either_field(user: User) -> None:
    user.create_task("Water", description="the plants")
    user.create_task("Water", description="nothing else")
    user.create_task("Feed", description="the fish")
    assert found(user, "wat") == {"Water"}
    assert found(user, "plants nothing") == set()
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
    assert contents(database)["tasks"] == []


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
    user.create_task(letter * 100, description=letter * 10_000)
    assert found(user, letter * 200) == {letter * 100}
    assert found(user, letter * 2) == {letter * 100}


def test_a_word_that_nearly_stands_at_every_place(user: User) -> None:
    """LIKE takes 12 ms for each such task, and nobody else is served meanwhile."""
    tasks = [{"title": "Long", "description": "日" * 10_000}] * 15
    operations = [{"action": "create", "task": task} for task in tasks]
    for _ in range(3):
        succeed(user.bulk(*operations))
    taken = []
    for _ in range(5):  # the least of them: what else the machine does only adds to it
        begun = clock.monotonic()
        assert found(user, "日" * 199 + "本") == set()
        taken.append(clock.monotonic() - begun)
    assert min(taken) < 0.25


def test_as_many_words_as_a_query_can_have(user: User) -> None:
    letters = [chr(ord("\u0250") + number) for number in range(80)]
    query = " ".join(letters)[:200]
    user.create_task("Many", description=" ".join(letters))
    user.create_task("One less", description=" ".join(letters[1:]))
    assert found(user, query) == {"Many"}


def test_finds_only_ones_own(api: Api, user: User) -> None:
    user.create_task("mine")
    api.register().create_task("mine too, says another")
    assert found(user, "mine") == {"mine"}


def test_refused(user: User) -> None:
    for bad in ("x" * 201, "a\0b"):
        reply = user.get("tasks/", params={"search": bad})
        assert assert_problem(reply, 422, "validation_failed")["errors"].keys() == {"search"}
