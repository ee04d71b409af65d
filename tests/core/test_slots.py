"""What an application has of its own."""

import pytest
from flask import Flask

from taskmaster.core.slots import Slot


def test_each_application_has_its_own() -> None:
    slot, other = Slot[list[int]]("numbers"), Slot[str]("name")
    one, two = Flask("one"), Flask("two")
    assert slot.fill(one, [1]) is slot.get(one)
    slot.fill(two, [2])
    other.fill(one, "one")
    assert (slot.get(one), slot.get(two), other.get(one)) == ([1], [2], "one")
    with two.app_context():
        assert slot.get() == [2]


def test_what_nobody_filled_is_made_once_or_missing() -> None:
    app = Flask("one")
    made = Slot[list[int]]("made", list)
    made.get(app).append(1)
    assert made.get(app) == [1]
    with pytest.raises(KeyError, match="empty"):
        Slot[int]("empty").get(app)
