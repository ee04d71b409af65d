"""Serve `wsgi:app` by a server that knows nothing of it: `python -m tests.serving.foreign NAME`."""

import os
import sys


def by_wsgiref(port: int) -> None:
    from wsgiref.simple_server import make_server

    from wsgi import app

    make_server("127.0.0.1", port, app).serve_forever()


def by_eventlet(port: int) -> None:
    import warnings

    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    import eventlet
    from eventlet import wsgi as server

    eventlet.monkey_patch()
    from wsgi import app

    server.server(eventlet.listen(("127.0.0.1", port), reuse_port=False), app)


def by_gevent(port: int) -> None:
    from gevent import monkey, pywsgi

    monkey.patch_all()
    from wsgi import app

    pywsgi.WSGIServer(("127.0.0.1", port), app).serve_forever()


{"wsgiref": by_wsgiref, "eventlet": by_eventlet, "gevent": by_gevent}[sys.argv[1]](
    int(os.environ["PORT"])
)
