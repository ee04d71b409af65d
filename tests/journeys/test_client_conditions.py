"""Writes of the JavaScript client on a condition: nobody overwrites what they have not seen."""

import pytest

from tests.support.api import User, succeed
from tests.support.client_journey import connect
from tests.support.javascript import JavaScript
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize("condition", [{"if-match": '"1"'}, {"If-None-Match": '"2"'}])
def test_a_write_on_a_condition_does_not_meet_itself(
    server: Server, user: User, js: JavaScript, condition: dict[str, str]
) -> None:
    """Its reply is lost: sent again, it would be refused for what it has written itself."""
    path = f"tasks/{user.create_task('One')['id']}/"
    connect(js, server.url, user)
    change = """
    my.lose(1, "PATCH");
    const request = { body: { title: "Two" }, headers: given.headers };
    return my.client.request("PATCH", given.path, request)
      .catch(({ code, repeated }) => [code, repeated]);
    """
    assert js.run(change, path=path, headers=condition) == ["offline", False]
    assert succeed(user.get(path))["title"] == "Two"
