"""SIGTERM and SIGINT as a flag: a handler may run at any point, so it does nothing else."""

import signal

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopFlag:
    """True once the process was told to stop; read it in a short loop."""

    def __init__(self) -> None:
        self._told = False
        for number in _SIGNALS:
            signal.signal(number, self._tell)

    def _tell(self, *_: object) -> None:
        self._told = True

    def __bool__(self) -> bool:
        return self._told
