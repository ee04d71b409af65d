"""The tests. Support asserts explain themselves as those of the tests do."""

import pytest

pytest.register_assert_rewrite("tests.support")
