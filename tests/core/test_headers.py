"""Headers, origins and proxies."""

from collections.abc import Callable

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from tests.support.databases import ON_SQLITE

pytestmark = ON_SQLITE

Make = Callable[..., Flask]
PAGE = "https://pages.example"


def test_every_reply_has_safe_headers(client: FlaskClient) -> None:
    for path in ("/livez", "/api/v1/tasks/", "/nothing/here", "/socket.io/"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers
        assert "Set-Cookie" not in headers


def test_https_is_kept_to(client: FlaskClient) -> None:
    headers = client.get("/livez", base_url="https://localhost").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_other_origins_are_shut_out_by_default(client: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(
        "/livez", headers={"Origin": PAGE}
    ).headers  # fmt: skip


def test_a_proxy_is_believed_only_when_it_is_ours(make_app: Make) -> None:
    claimed = {"X-Forwarded-Proto": "https"}
    plain, proxied = make_app(), make_app(TRUSTED_PROXIES=1)
    assert "Strict-Transport-Security" not in plain.test_client().get(
        "/livez", headers=claimed
    ).headers  # fmt: skip
    assert "Strict-Transport-Security" in proxied.test_client().get(
        "/livez", headers=claimed
    ).headers  # fmt: skip


@pytest.mark.parametrize(("proxies", "address"), [(1, "192.0.2.2"), (2, "192.0.2.1")])
def test_every_proxy_adds_an_address_and_the_nearest_says_the_rest(
    make_app: Make, proxies: int, address: str
) -> None:
    app = make_app(TRUSTED_PROXIES=proxies, TRUSTED_HOSTS="tasks.example")
    app.add_url_rule("/seen", view_func=lambda: f"{request.remote_addr} {request.url}")
    claimed = {"X-Forwarded-For": "192.0.2.0, 192.0.2.1, 192.0.2.2",
               "X-Forwarded-Proto": "https", "X-Forwarded-Host": "tasks.example:8443"}  # fmt: skip
    seen = app.test_client().get("/seen", headers=claimed).text
    assert seen == f"{address} https://tasks.example:8443/seen"
