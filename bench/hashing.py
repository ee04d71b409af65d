"""How fast all cores check passwords, with nothing around it: the ceiling of every log-in.

Run in the environment of a server: `python -m bench.hashing SCHEME hash|rate ARGUMENT...`.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from bench.environment import ROOT

# Whatever its number of processes, a server may hash on all of them, in threads.
CORES = os.cpu_count() or 1

Scheme = tuple[Callable[[str], str], Callable[[str, str], object]]  # hash, and verify a password


def taskmaster() -> Scheme:
    """argon2id as the project has it."""
    from taskmaster.accounts.passwords import hasher

    return hasher.hash, lambda password, hashed: hasher.verify(hashed, password)


def django() -> Scheme:
    """PBKDF2 by Django's default."""
    from django.conf import settings
    from django.contrib.auth.hashers import check_password, make_password

    settings.configure()
    return make_password, check_password


def pwdlib() -> Scheme:
    """argon2id as pwdlib recommends, which FastAPI's documentation uses."""
    from pwdlib import PasswordHash

    recommended = PasswordHash.recommended()
    return recommended.hash, recommended.verify


def bcrypt() -> Scheme:
    """bcrypt at cost 10, PocketBase's default; by C where PocketBase has it in Go."""
    import bcrypt as library

    def make(password: str) -> str:
        return str(library.hashpw(password.encode(), library.gensalt(10)), "ascii")

    return make, lambda password, made: library.checkpw(password.encode(), made.encode())


def rate(scheme: Scheme, password: str, threads: int, seconds: float) -> float:
    """Return how many passwords a second so many threads verify."""
    make, verify = scheme
    hashed, deadline = make(password), time.perf_counter() + seconds
    rates = [0.0] * threads

    def work(number: int) -> None:
        begun, count = time.perf_counter(), 0
        while time.perf_counter() < deadline:
            verify(password, hashed)
            count += 1
        rates[number] = count / (time.perf_counter() - begun)  # its last one ends late

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(rates)


def ask(python: str, *arguments: object) -> str:
    """Return what this module prints when another Python runs it."""
    command = [python, "-m", "bench.hashing", *map(str, arguments)]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return answer.stdout.strip()


if __name__ == "__main__":
    name, task, password, *rest = sys.argv[1:]
    scheme: Scheme = globals()[name]()
    if task == "hash":
        print(scheme[0](password))
    else:
        print(rate(scheme, password, int(rest[0]), float(rest[1])))
