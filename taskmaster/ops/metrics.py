"""`/metrics` for Prometheus: what is asked, and how long it takes; with what the features count."""

import os
from time import perf_counter

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
    multiprocess,
)

blp = Blueprint("metrics", __name__)

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer, by route.", ["method", "route", "status"]
)


def init_app(app: Flask) -> None:
    """Measure this application's requests and serve what was measured."""
    app.after_request(_observe)
    app.register_blueprint(blp)


def _observe(response: Response) -> Response:
    rule = request.url_rule
    labels = request.method, rule.rule if rule else "none", str(response.status_code)
    REQUESTS.labels(*labels).observe(perf_counter() - g.started)
    return response


@blp.get("/metrics")
def metrics() -> Response:
    """Show the figures of all processes that serve on this port."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # set by gunicorn.conf.py, for the library
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    headers = {"Cache-Control": "no-cache"}  # unlike no-store, it lets them be compressed
    return Response(generate_latest(registry), headers=headers, content_type=CONTENT_TYPE_LATEST)
