"""What nobody means well with on a stream: WebSocket frames, messages, engine.io packets."""

import json
import random
import struct
from collections.abc import Iterator
from typing import NamedTuple

from tests.served.hostile import NO_OBJECTS, TEXTS, UNREADABLE, VALUES

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = b"\x12\x34\x56\x78"
TASKS = "/ws/tasks"
ALL_VALUES = VALUES | {name: json.dumps(text) for name, text in TEXTS.items()}


class Sent(NamedTuple):
    """Octets for a connection that stands."""

    name: str
    octets: bytes


def frame(
    opcode: int, payload: bytes = b"", fin: bool = True, rsv: int = 0, mask: bool = True
) -> bytes:
    """Return a frame of a client (RFC 6455, section 5.2)."""
    size = len(payload)
    short = size if size < 126 else 126 if size < 65536 else 127
    form = {126: "!H", 127: "!Q"}.get(short)
    length = struct.pack(form, size) if form else b""
    head = bytes([fin << 7 | rsv << 4 | opcode, mask << 7 | short]) + length
    if not mask:
        return head + payload
    return head + KEY + bytes(octet ^ KEY[n % 4] for n, octet in enumerate(payload))


GOOD = frame(TEXT, b'{"action": "authenticate", "token": "x"}')


def broken_frames() -> Iterator[Sent]:
    """Yield what is no WebSocket any more, or hardly."""
    for size in range(len(GOOD)):
        yield Sent(f"cut after {size}", GOOD[:size])
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Sent(f"opcode {opcode}", frame(opcode, b"x"))
    for rsv in range(1, 8):
        yield Sent(f"reserved bits {rsv}", frame(TEXT, b"{}", rsv=rsv))
    for opcode in (TEXT, BINARY, CLOSE, PING):
        yield Sent(f"{opcode} unmasked", frame(opcode, b"{}", mask=False))
    for opcode in (CLOSE, PING, PONG):
        yield Sent(f"{opcode} in fragments", frame(opcode, b"", fin=False))
        yield Sent(f"{opcode} of 126", frame(opcode, b"x" * 126))
    yield Sent("continuation of nothing", frame(0, b"x"))
    yield Sent("text amid fragments", frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"))
    yield Sent("empty fragments", frame(TEXT, fin=False) + frame(0, fin=False) * 50 + frame(0))
    yield Sent("a ping amid fragments", frame(TEXT, b"{", fin=False) + frame(PING) + frame(0, b"}"))
    for octets in (_closes, _lengths, _no_utf8, _noise):
        yield from octets()


def _closes() -> Iterator[Sent]:
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 4999, 5000, 65535):
        yield Sent(f"close {code}", frame(CLOSE, struct.pack("!H", code)))
    yield Sent("close of 1 octet", frame(CLOSE, b"\x03"))
    yield Sent("close, then more", frame(CLOSE, struct.pack("!H", 1000)) + frame(TEXT, b"{}") * 9)
    yield Sent("close, not UTF-8", frame(CLOSE, struct.pack("!H", 1000) + b"\xff\xfe"))


def _lengths() -> Iterator[Sent]:
    yield Sent("63 bits of length", b"\x81\xff" + struct.pack("!Q", 2**63 - 1) + KEY + b"x" * 1000)
    yield Sent("64 bits of length", b"\x81\xff" + struct.pack("!Q", 2**64 - 1) + KEY)
    yield Sent("a long form of 1", b"\x81\xfe\x00\x01" + KEY + b"x")
    yield Sent("the longest form of 1", b"\x81\xff" + struct.pack("!Q", 1) + KEY + b"x")
    yield Sent("64 KiB + 1", frame(TEXT, b"x" * 65537))
    yield Sent("64 KiB + 2, two octets a letter", frame(TEXT, "é".encode() * 32769))
    yield Sent("64 KiB + 1, binary", frame(BINARY, b"x" * 65537))
    yield Sent(
        "64 KiB + 1 in fragments", frame(TEXT, b"x" * 40000, fin=False) + frame(0, b"x" * 25537)
    )


def _no_utf8() -> Iterator[Sent]:
    for text in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b'{"a": "\xc3"}'):
        yield Sent(f"not UTF-8 {text!r}", frame(TEXT, text))
        parts = frame(TEXT, text[:1], fin=False) + frame(0, text[1:])
        yield Sent(f"not UTF-8 {text!r} in fragments", parts)


def _noise() -> Iterator[Sent]:
    for number in range(100):
        yield Sent(f"noise {number}", random.Random(number).randbytes(number * 7))  # noqa: S311
        yield Sent(f"bit {number} turned", _turned(GOOD, number * 37 % (len(GOOD) * 8)))


def _turned(octets: bytes, bit: int) -> bytes:
    return bytes(o ^ (1 << bit % 8 if n == bit // 8 else 0) for n, o in enumerate(octets))


def messages() -> Iterator[Sent]:
    """Yield what the plain WebSocket cannot understand, or must refuse."""
    texts = {**UNREADABLE, **NO_OBJECTS, "object": b"{}"}
    for field in ("action", "token", "since"):
        others = {"action": '"authenticate"', "token": '"x"', "since": "1"}
        for name, value in ALL_VALUES.items():
            body = ", ".join(f'"{n}": {v}' for n, v in (others | {field: value}).items())
            texts[f"{field}: {name}"] = f"{{{body}}}".encode()
        texts[f"{field} twice"] = f'{{"{field}": 1, "{field}": null}}'.encode()
        missing = ", ".join(f'"{n}": {v}' for n, v in others.items() if n != field)
        texts[f"no {field}"] = f"{{{missing}}}".encode()
    for action in ("connect", "disconnect", "task_create", "__class__", "AUTHENTICATE", "\0"):
        texts[f"action {action!r}"] = json.dumps({"action": action, "token": "x"}).encode()
    for name, text in texts.items():
        yield Sent(name, frame(TEXT, text[:65536]))
        yield Sent(f"{name}, binary", frame(BINARY, text[:65536]))
    yield Sent("50 at once", frame(TEXT, b"{}") * 50)
    yield Sent("500 at once", frame(TEXT, b"{}") * 500)
    yield Sent("500 pings", frame(PING, b"x") * 500)


def packets() -> Iterator[tuple[str, str]]:
    """Yield engine.io packets, most of them with a Socket.IO packet inside."""
    for some in (_kinds, _binaries, _events, _values):
        yield from some()
    yield "50 events", "\x1e".join([f'42{TASKS},["x"]'] * 50)
    yield "1,000 packets", "\x1e".join(["3"] * 1000)
    yield "separators", "\x1e" * 20
    yield "base64", "b!!!!"


def _kinds() -> Iterator[tuple[str, str]]:
    for kind in "012356789 -x\0\u00b2":
        for data in ("", "x", "{}", "probe", '{"sid": "x"}'):
            yield f"engine {kind!r} {data}", kind + data
    for kind in "0123456789-x":
        for rest in ("", "x", f"{TASKS},", f"{TASKS},[]", f"{TASKS},{{}}", f'{TASKS},["x"]',
                     f'{TASKS},1["x"]', "/,", "/nowhere,", f"{TASKS}?token=x,", ",", "1-", "[]",
                     '["x", 1]', f"{TASKS}\0,[]", f"{TASKS}/../,[]"):  # fmt: skip
            yield f"{kind} {rest}", f"4{kind}{rest}"


def _binaries() -> Iterator[tuple[str, str]]:
    for count in ("1-", "2-", "999999999-", "99999999999999999999-", "0-", "1", "-1-", "1-1-"):
        for body in ("[]", '["x",{"_placeholder":true,"num":0}]', '[{"_placeholder":1,"num":-1}]'):
            yield f"binary {count} {body}", f"45{count}{TASKS},{body}"
            yield f"binary answer {count} {body}", f"46{count}{TASKS},1{body}"


def _events() -> Iterator[tuple[str, str]]:
    for number in ("1", "0", "-1", "9" * 300, "1e3", "0x1"):
        yield f"answer {number[:5]}", f"43{TASKS},{number}[1]"
        yield f"event {number[:5]}", f'42{TASKS},{number}["authenticate",{{"token":"x"}}]'
    for name in ("connect", "disconnect", "authenticate", "message", "error", "__init__", "*",
                 "stream_closed", "task_create", "connect_error", "trigger_event"):  # fmt: skip
        for arguments in ("", ",null", ",[]", ',"x"', ",{}", ',{"token":1}', ",1,2,3,4,5,6,7,8,9"):
            yield f"{name} {arguments}", f'42{TASKS},["{name}"{arguments}]'


def _values() -> Iterator[tuple[str, str]]:
    for name, text in ALL_VALUES.items():
        yield f"event named {name}", f"42{TASKS},[{text}]"
        yield f"token {name}", f'42{TASKS},["authenticate",{{"token":{text}}}]'
        yield f"join with token {name}", f'40{TASKS},{{"token":{text}}}'
        yield f"join with since {name}", f'40{TASKS},{{"token":"x","since":{text}}}'
        yield f"join with {name}", f"40{TASKS},{text}"
    for name, octets in UNREADABLE.items():
        yield f"event of {name}", f"42{TASKS}," + octets.decode("latin-1")[:65000]
