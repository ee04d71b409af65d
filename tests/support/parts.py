"""What happens between two parts of a long deletion."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from taskmaster.core import parts
from taskmaster.core.database import writing


def after_each_part(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Call `act` whenever a part was committed, until `patch` is undone."""

    @contextmanager
    def then_act(long: bool) -> Iterator[Connection]:
        with writing(long=long) as connection:
            yield connection
        act()

    patch.setattr(parts, "writing", then_act)
