"""What one client may send per second: a token bucket each for frames and for bytes."""

from ..core import clock

FRAMES, FRAMES_PER_SECOND = 100.0, 20.0
OCTETS, OCTETS_PER_SECOND = 256 * 1024.0, 32 * 1024.0


class Budget:
    """Start full, refill steadily. A client that talks like one never notices."""

    def __init__(self) -> None:
        self._frames, self._octets = FRAMES, OCTETS
        self._at = clock.monotonic()

    def spend(self, frames: int = 0, octets: int = 0) -> bool:
        """Take from the budget; return whether it held."""
        now = clock.monotonic()
        passed, self._at = now - self._at, now
        self._frames = min(FRAMES, self._frames + passed * FRAMES_PER_SECOND) - frames
        self._octets = min(OCTETS, self._octets + passed * OCTETS_PER_SECOND) - octets
        return self._frames >= 0 and self._octets >= 0
