"""What browsers and proxies may keep of a response, and for whom."""

from flask import Response, request


def vary(response: Response, field: str) -> None:
    """Say that the response depends on this field of the request too (RFC 9110, section 12.5.5)."""
    present = response.headers.get("Vary")
    response.headers["Vary"] = f"{present}, {field}" if present else field


def let_user_keep(response: Response) -> Response:
    """Let only this user's browser keep a success, asking each time whether it is still the same.

    For `after_request` of blueprints whose replies hold the user's own data and no token.
    """
    if response.status_code < 400:
        response.headers["Cache-Control"] = "private, no-cache"
        vary(response, "Authorization")
    return response


def revalidated(response: Response) -> Response:
    """Let everybody keep a response, asking each time whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
