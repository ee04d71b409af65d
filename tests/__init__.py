"""The tests. An assert in a helper shows its values, as one in a test does.

PYTEST_DONT_REWRITE: this file is loaded already when it asks, and it asserts nothing.
"""

import pytest

pytest.register_assert_rewrite("tests")
