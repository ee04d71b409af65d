"""A constant answer by bare eventlet.wsgi."""

import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402

BODY = b'{"message":"constant"}\n'


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer always the same."""
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [BODY]


if __name__ == "__main__":
    eventlet.monkey_patch()
    listener = eventlet.listen(("127.0.0.1", int(sys.argv[1])), reuse_port=False)
    eventlet.wsgi.server(listener, app, log_output=False)
