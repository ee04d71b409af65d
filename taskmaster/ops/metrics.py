"""`/metrics` for Prometheus: what is asked, how long it takes, who is connected."""

from time import perf_counter

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, Histogram, generate_latest

blp = Blueprint("metrics", __name__)

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer, by route.", ["method", "route", "status"]
)
STREAMS = Gauge("stream_connections", "Streams that are open in this process.")


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
    """Show the figures of this process."""
    STREAMS.set(len(current_app.extensions["hub"].followers()))
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
