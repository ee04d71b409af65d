"""Scripts and styles: versioned by their content, so that browsers may keep them for good."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent / "static"
A_YEAR = 365 * 24 * 3600  # seconds


class Bundle(NamedTuple):
    """A script of others: its file once installed, else its place on the CDN with its hash."""

    file: str
    cdn_url: str
    integrity: str

    @property
    def installed(self) -> bool:
        return (STATIC / "vendor" / self.file).is_file()


REDOC = Bundle(
    "redoc.standalone.js",
    "https://cdn.jsdelivr.net/npm/redoc@2.5.4/bundles/redoc.standalone.js",
    "sha384-w447zOpYfw/1Tv/5AK9NfHTlQIqE3RVR6KY62jCyy9zNDgO64cMwGGP1Fj0zJVf5",
)
SOCKET_IO = Bundle(
    "socket.io.min.js",
    "https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js",
    "sha384-fBrXvbDtHoeKWJ/hcA6M+YGueiDW+h45I7V6F2kD1S8bOkrF9rZYPLVkCR6BLR/1",
)


@cache
def version() -> str:
    """Return a name of the present content of all static files, the same in every process."""
    digest = sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(STATIC).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
