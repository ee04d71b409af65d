"""The JavaScript client is served at a stable URL, to pages of any origin."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from taskmaster.site.assets import STATIC
from tests.support.api import Api, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE

FILES = sorted(path.name for path in (STATIC / "client").iterdir())
PAGE = "https://pages.example"


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    return shared_app


@ON_SQLITE
def test_any_page_may_import_it(make_app: Callable[..., Flask]) -> None:
    """One answer for every origin, also for those in CORS_ORIGINS."""
    api = Api(through_client(make_app(CORS_ORIGINS=PAGE).test_client()))
    assert "taskmaster.js" in FILES
    for name, origin in product(FILES, (PAGE, "https://other.example")):
        reply = api.get(f"/client/{name}", headers={"Origin": origin})
        assert (reply.status, reply.body) == (200, (STATIC / "client" / name).read_bytes())
        assert reply.headers.getlist("Access-Control-Allow-Origin") == ["*"], name
        kind = "application/typescript" if name.endswith(".ts") else "text/javascript"
        assert reply.headers["Content-Type"].split(";")[0] == kind, name


def test_it_is_revalidated(api: Api) -> None:
    first = api.get("/client/taskmaster.js")
    assert "no-cache" in first.headers["Cache-Control"]
    headers = {"If-None-Match": first.headers["ETag"]}
    assert api.get("/client/taskmaster.js", headers=headers).status == 304


@pytest.mark.parametrize("name", ["nothing.js", "../site.css", "%2e%2e/site.css", ""])
def test_nothing_else_is_served(api: Api, name: str) -> None:
    assert_problem(api.get(f"/client/{name}"), 404, "not_found")


def test_it_loads_nothing_from_elsewhere(api: Api) -> None:
    for name in FILES:
        imports = re.findall(
            r'(?:from|import\() *"([^"]+)"', api.get(f"/client/{name}").body.decode()
        )
        assert {one for one in imports if not one.startswith("./")} <= {
            "http://127.0.0.1:8000/client/taskmaster.js"  # in a comment
        }
        assert {one.removeprefix("./") for one in imports if one.startswith("./")} <= set(FILES)
