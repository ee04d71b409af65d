"""Clocks of several machines: one a little ahead refuses no token, and lengthens none."""

from taskmaster.core import clock
from tests.support.api import User
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.forgeries import sign
from tests.support.tables import nothing_changes


def issued_in(seconds: int, user: User) -> str:
    """Return the token as a machine would issue it whose clock is so far ahead."""
    issued = int(clock.now().timestamp()) + seconds
    return sign(user.access, iat=issued, nbf=issued)


def test_token_of_a_clock_a_little_ahead_is_good(user: User) -> None:
    user.access = issued_in(5, user)
    assert user.get("auth/profile/").status == 200


def test_token_of_a_clock_far_ahead_is_refused(user: User, database: Database) -> None:
    user.access = issued_in(60, user)
    with nothing_changes(database):
        assert_problem(user.post("tasks/", {"title": "Early"}), 401, "invalid_token")
