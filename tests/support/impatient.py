"""The application, which cuts a client that does not read after a shorter time."""

import os

from taskmaster.streams import subscription

subscription.MAX_BLOCKED = float(os.environ["MAX_BLOCKED"])

from wsgi import app  # noqa: E402

__all__ = ["app"]
