"""How long a process stands still: the longest answer of `/livez`, asked every 20 ms."""

import threading
import time

import requests

EVERY = 0.02  # seconds


class FreezeMeter(threading.Thread):
    """Measures while it is in use: `with FreezeMeter(url) as meter: ...`, then `meter.longest`."""

    def __init__(self, url: str) -> None:
        super().__init__(name="freeze meter", daemon=True)
        self.longest = 0.0  # seconds
        self.count = 0
        self._url, self._stopped = f"{url}/livez", threading.Event()

    def __enter__(self) -> "FreezeMeter":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopped.wait(EVERY):
                started = time.perf_counter()
                assert session.get(self._url, timeout=60).ok
                self.longest = max(self.longest, time.perf_counter() - started)
                self.count += 1
