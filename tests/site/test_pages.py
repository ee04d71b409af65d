"""The pages: strict, cacheable, and of one host once the scripts are installed."""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha384

import pytest
from flask import Flask

from taskmaster.core.errors import ErrorCode
from taskmaster.site import assets
from tests.served.hostile_judge import STATUSES
from tests.support.api import Api, Reply, User
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE

PAGES = ["/", "/account", "/docs", "/docs/streams", "/docs/errors", "/set-password"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    return shared_app


def rules(page: Reply) -> dict[str, str]:
    """Return the rules of a page's Content-Security-Policy by name."""
    policy = page.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (rule.partition(" ") for rule in policy)}


def sources(page: Reply) -> list[str]:
    """Return what a page loads."""
    tags = re.findall(r"<(?:script|link|img)\b[^>]*>", page.body.decode())
    return [found for tag in tags for found in re.findall(r'(?:src|href)="([^"]*)"', tag)]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_strict(api: Api, path: str) -> None:
    page = api.get(path)
    assert page.status == 200
    assert rules(page)["default-src"] == "'none'"
    assert rules(page)["script-src"] == "'self'"
    assert rules(page)["frame-ancestors"] == "'none'"
    assert ("'unsafe-inline'" in page.headers["Content-Security-Policy"]) == (path == "/docs")
    text = page.body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("path", [*PAGES, "/asyncapi.json"])
def test_pages_are_revalidated(api: Api, path: str) -> None:
    page = api.get(path)
    assert page.headers["Cache-Control"] == "no-cache"
    again = api.get(path, headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
def test_what_pages_load_is_here_and_kept_for_a_year(api: Api, path: str) -> None:
    found = [source for source in sources(api.get(path)) if source.startswith("/static/")]
    assert len(found) >= 3
    for source in found:
        reply = api.get(source)
        assert reply.status == 200, source
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_another_version_is_not_kept(api: Api) -> None:
    assert "max-age=31536000" not in api.get("/static/old/site.css").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.js", "../views.py", "%2e%2e/views.py", "board", ""])
def test_nothing_else_is_served(api: Api, name: str) -> None:
    assert_problem(api.get(f"/static/{assets.version()}/{name}"), 404, "not_found")


@pytest.fixture
def _no_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets.Bundle, "installed", property(lambda _: False))


@pytest.mark.usefixtures("_no_bundles")
def test_without_bundles_a_pinned_and_hashed_one_comes_from_the_cdn(api: Api) -> None:
    page, bundle = api.get("/docs"), assets.REDOC
    assert rules(page)["script-src"] == f"'self' {bundle.cdn_url}"
    tag = f'src="{bundle.cdn_url}" integrity="{bundle.integrity}" crossorigin="anonymous"'
    assert tag in page.body.decode()


@pytest.mark.usefixtures("_no_bundles")
def test_without_bundles_the_board_asks_nobody_else(api: Api) -> None:
    page = api.get("/")
    assert rules(page)["script-src"] == "'self'"
    assert all(source.startswith("/") for source in sources(page))


@pytest.mark.parametrize("bundle", [assets.REDOC, assets.SOCKET_IO], ids=lambda one: one.file)
def test_installed_bundles_are_the_ones_on_the_cdn(bundle: assets.Bundle) -> None:
    """Held where npm has installed them; without them the pages take the CDN's by its hash."""
    if not bundle.installed:
        pytest.skip(f"{bundle.file} is not installed: run `make assets`")
    content = (assets.STATIC / "vendor" / bundle.file).read_bytes()
    digest = b64encode(sha384(content).digest()).decode()
    assert bundle.integrity == f"sha384-{digest}"


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/", "/docs/streams", "/docs/errors"])
def test_every_page_to_read_is_in_the_navigation(api: Api, path: str) -> None:
    link = f'<a href="{path.rstrip("/") or "/"}" aria-current="page">'
    assert link in api.get(path).body.decode()


def test_every_error_code_has_a_cause_and_a_remedy(api: Api) -> None:
    page = api.get("/docs/errors").body.decode()
    for code in ErrorCode:
        said = re.search(
            rf'<h3 id="{code}">{code.status} <code>{code}</code></h3>\s*<p>(.*)</p>', page
        )
        assert said, code
        cause, remedy = said[1].split("<br><strong>What to do:</strong> ")
        assert cause.endswith(".")
        others = STATUSES.get(code, set()) - {code.status}
        assert {status for status in others if str(status) not in cause} == set()
        assert remedy.endswith(".")


@pytest.mark.parametrize("path", ["/nothing", "/docs/nothing", "/client/nothing.js", "/apiary"])
def test_a_browser_gets_a_page_for_what_is_not_there(api: Api, path: str) -> None:
    page = api.get(path, headers={"Accept": BROWSER})
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.body.decode()
    assert rules(page)["default-src"] == "'none'"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Accept" in page.headers["Vary"]


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/nothing", "*/*"),
        ("/nothing", "application/json, text/html;q=0.5"),
        ("/nothing", "application/problem+json"),
        ("/api/v1/nothing/", BROWSER),
        ("/api/v1/tasks/not-an-id/", BROWSER),
        ("/api/nothing", BROWSER),
    ],
)
def test_programs_get_a_problem(user: User, path: str, accept: str) -> None:
    assert_problem(user.get(path, headers={"Accept": accept}), 404, "not_found")


@ON_SQLITE
@pytest.mark.parametrize(("registration", "said"), [("open", False), ("closed", True)])
def test_the_board_says_where_registration_is_closed(
    make_app: Callable[..., Flask], registration: str, said: bool
) -> None:
    client = make_app(REGISTRATION=registration).test_client()
    assert ("Registration is closed here" in client.get("/").text) is said
