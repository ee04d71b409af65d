"""Where an SSE stream resumes, when header and parameter are sent together."""

from tests.support.api import User
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE


@ON_SQLITE
def test_a_wrong_since_is_refused_beside_a_good_header(user: User) -> None:
    for since in ("", "x", "-1", "1.5", "9" * 19):
        reply = user.get("tasks/stream/", params={"since": since}, headers={"Last-Event-ID": "0"})
        assert assert_problem(reply, 422, "validation_failed")["errors"].keys() == {"since"}
