"""Django's settings, as its deployment checklist and the Channels documentation advise."""

import os
from datetime import timedelta
from urllib.parse import urlsplit

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
DEBUG = False
USE_TZ = True
ROOT_URLCONF = "bench.peers.drf.urls"
ASGI_APPLICATION = "bench.peers.drf.asgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "channels",
    "rest_framework",
    "bench.peers.drf",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(days=7)}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication"  # looks the user up
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        name = parts.path.removeprefix("/")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options,
                "CONN_MAX_AGE": None}  # fmt: skip
    place = {"HOST": parts.hostname, "PORT": parts.port, "USER": parts.username}
    # Under ASGI, Django's documentation advises a pool instead of persistent connections.
    kept = {"OPTIONS": {"pool": True}} if "SERVE_ASGI" in os.environ else {"CONN_MAX_AGE": None}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:]} | place | kept


DATABASES = {"default": _database(os.environ["DATABASE_URL"])}

if redis := os.environ.get("REDIS_URL"):
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [redis], "capacity": 2000},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 2000},
        }
    }
