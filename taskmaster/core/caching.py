"""What browsers and proxies may keep of a response, and for whom."""

from flask import Response


def vary(response: Response, field: str) -> None:
    """Say that the response depends on this field of the request too (RFC 9110, section 12.5.5)."""
    present = response.headers.get("Vary")
    response.headers["Vary"] = f"{present}, {field}" if present else field
