"""All misdeeds at once, at random, beside users who behave well and must not notice."""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from timeit import default_timer

from tests.journeys.neighbours import (
    misdeeds_of_accounts,
    misdeeds_of_requests,
    misdeeds_of_streams,
    sick_neighbours,
)
from tests.journeys.neighbours.scene import Misdeed, Scene, misdeeds_in
from tests.journeys.neighbours.stage import SETUPS
from tests.support.stream_journey import FAILURES

MISDEEDS = misdeeds_in(
    misdeeds_of_requests, misdeeds_of_accounts, misdeeds_of_streams, sick_neighbours
)
SECONDS = float(os.environ.get("NEIGHBOURS_SECONDS", "180"))  # for all setups together
AT_ONCE = 4  # misdeeds


class Crowd:
    """Callers who misbehave at random, and what has become of their misdeeds."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.end = scene, default_timer() + SECONDS / len(SETUPS)
        self.begun, self.committed, self.given_up = Counter[str](), Counter[str](), Counter[str]()

    def misbehave(self) -> None:
        """Commit one misdeed after the other."""
        while choice := [one for one in MISDEEDS if self.is_possible(one)]:
            fewest = min(self.begun[one.name] for one in choice)
            rare = [one for one in choice if self.begun[one.name] == fewest]
            self.commit(random.choice(rare))  # noqa: S311 - not a secret

    def is_possible(self, misdeed: Misdeed) -> bool:
        """Tell whether others can be well beside it, and it ends in time."""
        left = self.end - default_timer()
        return (
            self.scene.stage.setup in misdeed.setups
            and not misdeed.alone
            and misdeed.seconds < left
        )

    def commit(self, misdeed: Misdeed) -> None:
        """Commit a misdeed, or give it up where the server refuses its beginning."""
        self.begun[misdeed.name] += 1
        scene = Scene(self.scene.stage)
        try:
            misdeed.commit(scene)
            self.committed[misdeed.name] += 1
        except (AssertionError, *FAILURES):
            self.given_up[misdeed.name] += 1
        finally:
            scene.close()
        self.scene.answers.update(scene.answers)


def commit(scene: Scene) -> None:
    """Let a crowd misbehave."""
    with scene.watched(), ThreadPoolExecutor(AT_ONCE) as pool:
        crowd = Crowd(scene)
        for caller in [pool.submit(crowd.misbehave) for _ in range(AT_ONCE)]:
            caller.result()
    print(f"committed {dict(crowd.committed)}, given up {dict(crowd.given_up)}")
    scene.also("given up in 100", 100 * crowd.given_up.total() / crowd.committed.total(), 50)


ALL_AT_ONCE = Misdeed(
    "all at once, beside 20 users",
    commit,
    {"refused": 0, "events": 0, "hanging": 0, "slower": 10, "faults": 0},
    bystanders=20,
    pause=0.5,
    quiet=8,
)
