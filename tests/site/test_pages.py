"""The pages: strict, cacheable, and of one host once the scripts are installed."""

import re
from base64 import b64encode
from hashlib import sha384

import pytest

from taskmaster.site import assets
from tests.support.api import Api, Reply
from tests.support.asserts import assert_problem

PAGES = ["/", "/docs", "/docs/streams"]


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
    found = sources(api.get(path))
    assert len(found) >= 2
    for source in found:
        reply = api.get(source)
        assert reply.status == 200, source
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_another_version_is_not_kept(api: Api) -> None:
    assert "max-age=31536000" not in api.get("/static/old/site.css").headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.js", "../views.py", "%2e%2e/views.py", "board", ""])
def test_nothing_else_is_served(api: Api, name: str) -> None:
    assert_problem(api.get(f"/static/{assets.version()}/{name}"), 404, "not_found")


@pytest.mark.parametrize(("path", "bundle"), [("/", assets.SOCKET_IO), ("/docs", assets.REDOC)])
def test_without_bundles_a_pinned_and_hashed_one_comes_from_the_cdn(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str, bundle: assets.Bundle
) -> None:
    monkeypatch.setattr(assets.Bundle, "installed", property(lambda _: False))
    page = api.get(path)
    assert rules(page)["script-src"] == f"'self' {bundle.cdn_url}"
    tag = f'src="{bundle.cdn_url}" integrity="{bundle.integrity}" crossorigin="anonymous"'
    assert tag in page.body.decode()


def test_installed_bundles_are_the_ones_on_the_cdn() -> None:
    """Held where npm has installed them; without them the pages take the CDN's by its hash."""
    for bundle in (assets.REDOC, assets.SOCKET_IO):
        if bundle.installed:
            content = (assets.STATIC / "vendor" / bundle.file).read_bytes()
            digest = b64encode(sha384(content).digest()).decode()
            assert bundle.integrity == f"sha384-{digest}"
