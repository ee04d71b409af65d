"""The suites that several modules share are no test modules themselves."""

import pytest

for name in ("bounds", "delivery", "sessions"):
    pytest.register_assert_rewrite(f"tests.streams.contract_{name}")
