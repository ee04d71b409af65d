"""Search by the beginnings of words, the same on both databases.

A table of words with the user in front of its key answers in time that does not grow with
other users' tasks, which neither database's own text index does.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, select

from ..events.log import Transaction
from .models import task_words, tasks

LONGEST = 200  # characters of a word that are compared: no query is longer
LAST = "\U0010ffff"  # sorts behind every continuation of a word

INSERT = insert(task_words)
DELETE = delete(task_words).where(
    task_words.c.user_id == bindparam("of_user"),
    task_words.c.word == bindparam("of_word"),
    task_words.c.task_id == bindparam("of_task"),
)


def words(text: str) -> set[str]:
    """Return the words of a text: runs of letters, marks and digits, without regard to case."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # One letter i: whether I is the capital of i or of dotless i depends on the language.
    folded = folded.replace("i\u0307", "i").replace("\u0131", "i")
    if folded.isascii():
        return {word[:LONGEST] for word in folded.translate(SEPARATORS).split()}
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return {word[:LONGEST] for word in "".join(kept).split()}


SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum()}


def index(changes: Transaction, task: Mapping[str, Any]) -> None:
    """Write the words of a new task."""
    _add(changes, task, _words_of(task))


def forget(changes: Transaction, task: Mapping[str, Any]) -> None:
    """Delete the words of a task that is deleted."""
    _drop(changes, task, _words_of(task))


def reindex(changes: Transaction, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Bring the words of a task from one text to the next."""
    old, new = _words_of(before), _words_of(after)
    _drop(changes, before, old - new)
    _add(changes, after, new - old)


def _add(changes: Transaction, task: Mapping[str, Any], found: set[str]) -> None:
    """Insert words of a task."""
    key = {"user_id": task["user_id"], "task_id": task["id"]}
    if found:
        changes.write(INSERT, ({**key, "word": word} for word in found))


def _drop(changes: Transaction, task: Mapping[str, Any], found: set[str]) -> None:
    """Delete words of a task."""
    key = {"of_user": task["user_id"], "of_task": task["id"]}
    if found:
        changes.write(DELETE, ({**key, "of_word": word} for word in found))


def _words_of(task: Mapping[str, Any]) -> set[str]:
    return words(f"{task['title']} {task['description']}")


def matches(user_id: str, query: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a search; none of the words of a query may be missing."""
    return [tasks.c.id.in_(_beginning(user_id, word)) for word in words(query)]


def _beginning(user_id: str, word: str) -> Any:
    columns = task_words.c
    return select(columns.task_id).where(
        columns.user_id == user_id, columns.word >= word, columns.word < word + LAST
    )
