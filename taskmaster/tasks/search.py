"""Search by the beginnings of words, the same on both databases.

Each task has a column of folded text: its words in order, joined by single spaces, with a space
on either side. A word of a query, with a space before it, is looked for in there, behind an
index of the user.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from .models import MAX_TITLE_KEY, tasks

# Combining classes (Unicode, table 4-3) of accents: overlays, nuktas, Hebrew and Arabic points,
# and what stands above, below or beside a letter. The others are vowels, viramas and tones of
# Indic and Thai scripts and the voicing of kana, without which it would be another word.
ACCENTS = frozenset({1, 7, *range(10, 37), *range(200, 241)})
# Letters that no normalization takes apart, and the stroke that only makes an Arabic word longer.
LETTERS = str.maketrans({
    "ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ŧ": "t", "ŋ": "n", "\u0131": "i",
    "æ": "ae", "œ": "oe", "þ": "th", "\u0640": "",
})  # fmt: skip
# Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, Tai, Balinese, Javanese, Yi,
# kana, bopomofo, Han.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\u3005-\u3007"
    "\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua980-\ua9ff"
    "\uaa60-\uaadf\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]+"
)


# Characters of a folded text. Folding makes some characters longer, but no text of a real
# language grows to twice its 10,000.
MAX_FOLDED = 20_000
Words = Mapping[str, str]  # what `spaced_words` has made of some texts, by text
NONE_KNOWN: Words = MappingProxyType({})
# The marks that stay. More of them in a row than any script has (UAX #15, section 13) are cut:
# normalizing sorts a row of marks in a time that grows with the square of its length.
MARKS = "".join(
    char for char in map(chr, range(0x300, 0x1F000))
    if unicodedata.combining(char) and unicodedata.combining(char) not in ACCENTS
)  # fmt: skip
TOO_MANY_MARKS = re.compile(f"([{MARKS}]{{30}})[{MARKS}]+")


def fold(text: str) -> str:
    """Return a text without regard to case, accents and the ways to write the same letter."""
    if text.isascii():
        return text.lower()
    plain = text.translate(_folded_characters(text))[:MAX_FOLDED]
    return unicodedata.normalize("NFC", TOO_MANY_MARKS.sub(r"\1", plain))


def _folded_characters(text: str) -> dict[int, str]:
    """Return what each character of a text becomes; all are looked at together, which is quick."""
    chars = set(text) - {"\0"}
    cased = unicodedata.normalize("NFKC", "\0".join(chars)).casefold()
    apart = unicodedata.normalize("NFKD", cased)
    plain = apart.translate(LETTERS | {ord(c): _plain(c) for c in set(apart) if not c.isalnum()})
    return dict(zip(map(ord, chars), plain.split("\0"), strict=True))


def _plain(char: str) -> str:
    """Return what is left of a character: nothing of an accent, or of what cannot be seen."""
    category = unicodedata.category(char)
    if unicodedata.combining(char) in ACCENTS or category in {"Cf", "Me"}:
        return ""
    if category == "Mn" and "VARIATION SELECTOR" in unicodedata.name(char, ""):
        return ""
    return char


def words(text: str) -> list[str]:
    """Return the words of a text, folded: runs of letters, marks and digits.

    A run of a script without spaces stands apart from what is written before and after it.
    """
    folded = fold(text)
    if folded.isascii():
        return folded.translate(SEPARATORS).split()
    apart = UNSPACED.sub(r" \g<0> ", folded)
    return apart.translate({ord(char): " " for char in set(apart) if _separates(char)}).split()


def _separates(char: str) -> bool:
    return not char.isalnum() and unicodedata.category(char)[0] not in "LMN"


SEPARATORS = {code: " " for code in range(128) if _separates(chr(code))}


def search_columns(task: Mapping[str, Any], known: Words = NONE_KNOWN) -> dict[str, str]:
    """Return the columns that follow from a task's title and description."""
    texts = (task["title"], task["description"])
    found = [known[text] if text in known else spaced_words(text) for text in texts]
    return {
        "title_key": fold(task["title"])[:MAX_TITLE_KEY],
        "search_text": f"{''.join(found)} ",
    }


def spaced_words(text: str) -> str:
    """Return the words of a text, a space before each."""
    return "".join(f" {word}" for word in words(text))


def stored_words(task: Mapping[str, Any]) -> Words:
    """Return the words of a stored task's description by its text, without folding it again.

    They are what follows the title's words; empty if the stored text does not begin with those.
    """
    title, found = spaced_words(task["title"]), task["search_text"]
    return {task["description"]: found[len(title) : -1]} if found.startswith(f"{title} ") else {}


class strpos(GenericFunction[int]):  # noqa: N801 (named as it is in SQL)
    """Where one text stands in another, 0 for nowhere.

    LIKE would do, but takes 100 times as long where a long word nearly stands at every place.
    """

    type = Integer()
    inherit_cache = True


@compiles(strpos, "sqlite")
def _instr(element: strpos, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


def matches(query: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a search, one for each word of the query; without a word, none."""
    return [strpos(tasks.c.search_text, _part(word)) > 0 for word in dict.fromkeys(words(query))]


def _part(word: str) -> str:
    """Return what to look for: ` word`, ` x ` for one letter, `word` of a script without spaces."""
    if UNSPACED.match(word):
        return word
    return f" {word} " if len(word) == 1 else f" {word}"
