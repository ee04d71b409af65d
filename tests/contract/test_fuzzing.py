"""The OpenAPI document is true: schemathesis covers every operation and finds nothing."""

import pytest

from tests.contract.fuzzing import BY_LINK, fuzz
from tests.support.server import Server


@pytest.mark.timeout(600)
def test_every_operation_is_as_documented(
    module_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = fuzz(module_server.url, examples=2)
    with capsys.disabled():
        print(f"\nschemathesis: {outcome}")
    assert outcome.failures == {}
    assert outcome.calls.keys() == outcome.documented
    assert outcome.accepted.keys() == outcome.documented - BY_LINK
    assert outcome.phases["stateful"] > 0
