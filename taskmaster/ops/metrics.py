"""`/metrics` for Prometheus: what is asked, and how long it takes; with what the features count."""

import os
from time import perf_counter

from flask import Blueprint, Flask, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)

from ..core.current import current_globals, current_request
from ..core.http import METHODS

blp = Blueprint("metrics", __name__)

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer, by route.", ["method", "route", "status"]
)


def init_app(app: Flask) -> None:
    """Measure this application's requests and serve what was measured."""
    app.after_request(_observe)
    app.register_blueprint(blp)


def _observe(response: Response) -> Response:
    """Count under names of ours only: the metrics of a name are kept for good."""
    request = current_request()
    method, rule = request.method, request.url_rule
    name = method if method in METHODS else "other"
    route = rule.rule if rule else "none"
    seconds = perf_counter() - current_globals().started
    REQUESTS.labels(name, route, str(response.status_code)).observe(seconds)
    return response


def registry() -> CollectorRegistry:
    """Return the metrics of all processes that serve on this port."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:  # set by gunicorn.conf.py, for the library
        return REGISTRY
    found = CollectorRegistry()
    multiprocess.MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found


@blp.get("/metrics")
def metrics() -> Response:
    """Show the metrics."""
    headers = {"Cache-Control": "no-cache"}  # unlike no-store, it lets them be compressed
    return Response(generate_latest(registry()), headers=headers, content_type=CONTENT_TYPE_LATEST)
