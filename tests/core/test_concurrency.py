"""The runner of each mode in a plain process; `tests/serving` tries them under a server."""

import pytest
from flask import Flask

from taskmaster.core.concurrency import run_blocking


@pytest.mark.parametrize("mode", ["eventlet", "gevent", "threading"])
def test_result_and_error_come_back(mode: str) -> None:
    app = Flask("one")
    app.config["ASYNC_MODE"] = mode
    with app.app_context():
        assert run_blocking(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            run_blocking(divmod, 7, 0)
