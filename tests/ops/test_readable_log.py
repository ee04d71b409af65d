"""The log for people: what a client sends cannot speak to their terminal."""

from taskmaster.ops import logging


def test_control_characters_are_shown_and_not_sent() -> None:
    line = {
        "event": "request",
        "path": "/\x1b[2J\x1b]0;é\x07\x9b\r\n\u202e",
        "status": 404,
        "user_id": None,
    }
    for processor in logging._console():
        line = processor(None, "info", line)  # type: ignore[arg-type,assignment]
    shown = str(line)
    assert r"/\x1b[2J\x1b]0;é\x07\x9b\r\n\u202e" in shown
    assert "404" in shown
    assert not {"\x07", "\x9b", "\r", "\n", "\u202e"} & set(shown)
    assert "\x1b[2J" not in shown
