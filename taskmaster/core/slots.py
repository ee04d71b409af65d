"""What each application has of its own, beside its settings: typed, in one place."""

from collections.abc import Callable
from typing import Generic, TypeVar

from flask import Flask

from .current import current_application

T = TypeVar("T")


class Slot(Generic[T]):
    """A typed key for one object in each application. The module that defines the slot fills it.

    If nobody has filled it, `get` calls `make` for the object, or raises KeyError without `make`.
    """

    def __init__(self, name: str, make: Callable[[], T] | None = None) -> None:
        self.name, self.make = name, make

    def fill(self, app: Flask, thing: T) -> T:
        """Give an application its thing, and return it."""
        app.extensions.setdefault("taskmaster", {})[self.name] = thing
        return thing

    def get(self, app: Flask | None = None) -> T:
        """Return the thing of an application, by default of the current one."""
        app = app or current_application()
        things = app.extensions.get("taskmaster", {})
        if self.name not in things and self.make:
            return self.fill(app, self.make())
        thing: T = things[self.name]
        return thing
