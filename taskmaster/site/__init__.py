"""Pages: the board, the documentation."""

from .views import blp

__all__ = ["blp"]
