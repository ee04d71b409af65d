"""Requests that nobody means well with, as bytes, for every operation of the API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.values import UNKNOWN

MIB = 1024 * 1024
JSON = "Content-Type: application/json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Attack:
    """A request and the statuses that may answer it; none means any below 500."""

    name: str
    request: bytes
    statuses: tuple[int, ...] = ()
    readable: bool = True  # else the server may refuse before there is a request to speak of


@dataclass(frozen=True)
class Target:
    """An operation, and the token of somebody who may call it."""

    method: str
    path: str
    token: str
    properties: dict[str, Any]  # of its body; empty where it takes none

    @property
    def url(self) -> str:
        return self.path.replace("{task_id}", UNKNOWN).replace("{session_id}", UNKNOWN)

    def request(self, *headers: str, body: bytes = b"", **changes: str) -> bytes:
        """Return a request that differs from a proper one in what is given."""
        line = f"{changes.get('method', self.method)} {changes.get('url', self.url)} HTTP/1.1"
        head = [line, "Connection: close", f"Authorization: Bearer {self.token}", *headers]
        if not any(header.lower().startswith("host:") for header in headers):
            head.append("Host: 127.0.0.1")
        if body and not any("Transfer-Encoding" in header for header in headers):
            head.append(f"Content-Length: {len(body)}")
        return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def chunked(body: bytes, size: int = 65536) -> bytes:
    """Return a body in chunks (RFC 9112, section 7.1)."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


UNREADABLE = {
    "empty": b"",
    "open brace": b"{",
    "not JSON": b"title=One",
    "single quotes": b"{'title': 'One'}",
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": -Infinity}',
    "bad UTF-8": b'{"title": "\xff\xfe"}',
    "overlong UTF-8": b'{"title": "\xc0\xaf"}',
    "UTF-8 surrogates": b'{"title": "\xed\xa0\x80"}',
    "UTF-16": '{"title": "One"}'.encode("utf-16"),
    "NUL bytes": b'{"title": "One"}\0',
    "raw control": b'{"title": "a\0b"}',
    "two documents": b'{"title": "One"}{"title": "Two"}',
    "trailing comma": b'{"title": "One",}',
    "comment": b'/* */ {"title": "One"}',
    "deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"title":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and open": b"[" * 100_000,
}
NO_OBJECTS = {"null": b"null", "true": b"true", "number": b"1", "string": b'"x"',
              "array": b"[]", "array of objects": b'[{"title": "One"}]'}  # fmt: skip
VALUES: dict[str, str] = {
    "null": "null", "true": "true", "zero": "0", "negative": "-1", "2^63": str(2**63),
    "-2^63-1": str(-(2**63) - 1), "10^400": "1" + "0" * 400, "5,000 digits": "9" * 5000,
    "1e999999": "1e999999", "tiny": "1e-400", "array": "[]", "object": "{}",
    "nested": '[[["x"]]]', "operator": '{"$ne": ""}', "NUL": r'"a\u0000b"',
    "lone surrogate": r'"\ud83d"', "reversed pair": r'"\ude00\ud83d"', "empty": '""',
    "20,000 characters": json.dumps("x" * 20_000), "format string": '"%s%n{0.__class__}"',
    "SQL": "\"'; DROP TABLE users; --\"", "array of NUL": r'["\u0000"]',
}  # fmt: skip
TEXTS = {"right to left": "\u202eevil\u2066", "zero width": "a\u200bb", "BOM": "\ufeffx",
         "astral": "\U0010fffd", "combining": "e" + "\u0301" * 50}  # fmt: skip
TYPES = ("", "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
         "Content-Type: multipart/form-data; boundary=x", "Content-Type: application/xml",
         "Content-Type: ", "Content-Type: application", "Content-Type: application/json2",
         "Content-Type: \xff", "Content-Type: application/x; a=\"application/json\"")  # fmt: skip
QUERIES = ("%", "%zz", "%00", "%ff=1", "page=%ff", "page=%00", "=", "&&&", "page=1&page=x",
           "page[]=1", "since=-1", "since=1e5", "limit=0", "x" * 2000, "a=1;b=2",
           "search=%ed%a0%80", "cursor=%00", "cursor=" + "A" * 1000, "ordering=;--")  # fmt: skip
IDS = ("1", "%", "%zz", "%00", "%ff", "%2e%2e", "..", "%2f", "%c0%ae", "x" * 2000, UNKNOWN.upper(),
       UNKNOWN + "0", "{" + UNKNOWN + "}", UNKNOWN.replace("-", ""), "urn:uuid:" + UNKNOWN, "null",
       "0x1", "-1", "%F0%9F%98%80", "\xff", "a;b", "*")  # fmt: skip
HOSTS = ("evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "localhost:99999",
         "localhost:x", "", " ", "127.0.0.1, evil.example", "127.0.0.1/evil", "[::1", "\xff",
         "x" * 300, "127.0.0.1#", "evil.example\tlocalhost")  # fmt: skip


def body_attacks(target: Target) -> Iterator[Attack]:
    """Yield bodies that cannot be accepted."""
    for name, body in UNREADABLE.items():
        yield Attack(name, target.request(JSON, body=body), (400,))
    for name, body in NO_OBJECTS.items():
        yield Attack(name, target.request(JSON, body=body), (422,))
    for header in TYPES:
        headers = [header] if header else []
        yield Attack(header or "no type", target.request(*headers, body=b'{"a": 1}'), (415,))
    for name in target.properties:
        for kind, value in VALUES.items():
            body = f'{{"{name}": {value}, "unknown": 1}}'.encode()
            yield Attack(f"{name}: {kind}", target.request(JSON, body=body), (400, 422))
        for kind, text in TEXTS.items():
            body = json.dumps({name: text, "unknown": 1}, ensure_ascii=False).encode()
            yield Attack(f"{name}: {kind}", target.request(JSON, body=body), (422,))
        twice = f'{{"{name}": 1, "{name}": "\\u0000"}}'.encode()
        yield Attack(f"{name} twice", target.request(JSON, body=twice), (422,))
    for name in ("\\u0000", "\\ud83d", "__proto__", "x" * 5000, "", "a.b", "\\u202e"):
        body = f'{{"{name}": 1}}'.encode()
        yield Attack(f"a field {name[:10]}", target.request(JSON, body=body), (422,))


def size_attacks(target: Target) -> Iterator[Attack]:
    """Yield bodies that are too large, or lie about their length."""
    large = b'{"x": "' + b"x" * (MIB - 8) + b'"}'
    assert len(large) == MIB + 1
    yield Attack("1 MiB + 1", target.request(JSON, body=large), (413,))
    yield Attack("1 MiB", target.request(JSON, body=large.replace(b"xx", b"x", 1)), (422,))
    head = target.request(JSON, "Transfer-Encoding: chunked", body=chunked(large))
    yield Attack("1 MiB + 1 in chunks", head, (413,))
    small = chunked(b'{"unknown": 1}', 1)
    yield Attack("chunks", target.request(JSON, "Transfer-Encoding: chunked", body=small), (422,))
    for length in ("-1", "x", "1e3", "0x10", "99999999999999999999", "1, 2", "\xb2"):
        yield Attack(
            f"length {length}", target.request(JSON, f"Content-Length: {length}"), readable=False
        )
    for pieces in (b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n\r\n", b"ffffffffffffffffff\r\n{}"):
        head = target.request(JSON, "Transfer-Encoding: chunked", body=pieces)
        yield Attack(f"chunk {pieces[:4]!r}", head)
    both = target.request(JSON, "Transfer-Encoding: chunked", "Content-Length: 5", body=small)
    yield Attack("both lengths", both, readable=False)
    coding = target.request(JSON, "Transfer-Encoding: gzip, x", body=small)
    yield Attack("unknown coding", coding, (400,))
    signed = target.request(JSON, "Content-Length: +1") + b"1"
    yield Attack("signed length", signed, (400,))


def head_attacks(target: Target) -> Iterator[Attack]:
    """Yield paths, parameters and headers that make no sense."""
    for query in QUERIES:
        yield Attack(f"?{query[:20]}", target.request(url=f"{target.url}?{query}"))
    if "{" in target.path:
        before, _, after = target.path.partition("{")
        for identifier in IDS:
            url = before + identifier + after.partition("}")[2]
            yield Attack(f"id {identifier[:20]}", target.request(JSON, body=b"{}", url=url))
    for host in HOSTS:
        yield Attack(f"host {host[:20]}", target.request(f"Host: {host}"), (400, 404, 405))
    twice = target.request("Host: 127.0.0.1", "Host: evil.example")
    yield Attack("two hosts", twice)
    for url in (target.url + "x" * 10_000, "/" + "x" * 100_000, target.url + "?" + "a" * 100_000):
        yield Attack(f"{len(url)} characters", target.request(url=url), readable=False)
    yield Attack("a long header", target.request("X-Long: " + "x" * 100_000), readable=False)
    for header in ("Authorization: Bearer " + "x" * 7000,
                   "Authorization: \xff\xfe", "If-Match: \xff", "If-None-Match: " + '"x",' * 500,
                   "Idempotency-Key: " + "x" * 256, "Idempotency-Key: \xff", "Expect: nonsense",
                   "X-Forwarded-Host: evil.example", "Upgrade: h2c", "Range: bytes=0-1",
                   "X-Request-ID: a%0d%0aSet-Cookie:%20x=1", "Cookie: \xff=\xff"):  # fmt: skip
        yield Attack(header[:40], target.request(header, url=target.url + "?unknown=1"))
    many = target.request(*(f"X-{n}: {n}" for n in range(1000)))
    yield Attack("1,000 headers", many, readable=False)


def method_attacks(path: str, allowed: set[str]) -> Iterator[Attack]:
    """Yield every method that this path does not have."""
    target = Target("", path, "x", {})
    for method in ("TRACE", "CONNECT", "PROPFIND", "FOO", "get", "X" * 1000, "G\xcbT", *METHODS):
        if method not in allowed:
            yield Attack(f"{method[:10]} {path}", target.request(method=method))
