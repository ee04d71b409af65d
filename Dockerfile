# syntax=docker/dockerfile:1
ARG PYTHON=3.13-slim

# The two browser bundles, so that no page needs another host.
FROM node:22-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-progress \
 && mkdir vendor \
 && cp node_modules/redoc/bundles/redoc.standalone.js \
       node_modules/redoc/bundles/redoc.standalone.js.LICENSE.txt \
       node_modules/socket.io-client/dist/socket.io.min.js vendor/

FROM python:${PYTHON} AS requirements
WORKDIR /build
RUN python -m venv /opt/taskmaster
COPY requirements.txt .
RUN /opt/taskmaster/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:${PYTHON}
ENV PATH=/opt/taskmaster/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000
RUN useradd --system --uid 10001 --home-dir /srv/taskmaster --create-home taskmaster
WORKDIR /srv/taskmaster
COPY --from=requirements /opt/taskmaster /opt/taskmaster
COPY addresses.py config.py gunicorn.conf.py wsgi.py ./
COPY migrations migrations
COPY taskmaster taskmaster
COPY --from=assets /build/vendor taskmaster/site/static/vendor
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
  "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/livez\", timeout=2)"]
CMD ["python", "wsgi.py"]
