"""How much one client may send per second: a token bucket each for frames and for bytes."""

from ..core import clock

MAX_FRAMES, FRAMES_PER_SECOND = 100.0, 20.0
MAX_BYTES, BYTES_PER_SECOND = 256 * 1024.0, 32 * 1024.0


class TokenBucket:
    """Starts full and refills steadily. A client that follows the protocol never empties it."""

    def __init__(self) -> None:
        self._frames, self._bytes = MAX_FRAMES, MAX_BYTES
        self._refilled_at = clock.monotonic()

    def consume(self, frames: int = 0, size: int = 0) -> bool:
        """Take `frames` frames or `size` bytes. Return False once there was not enough left."""
        now = clock.monotonic()
        passed, self._refilled_at = now - self._refilled_at, now
        self._frames = min(MAX_FRAMES, self._frames + passed * FRAMES_PER_SECOND) - frames
        self._bytes = min(MAX_BYTES, self._bytes + passed * BYTES_PER_SECOND) - size
        return self._frames >= 0 and self._bytes >= 0
