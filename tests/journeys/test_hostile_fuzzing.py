"""The OpenAPI document held against a real server for longer than `make test` does."""

from tests.contract.fuzzing import BY_LINK, fuzz
from tests.support.server import Server


def test_every_operation_is_as_documented(module_server: Server) -> None:
    outcome = fuzz(module_server.url, examples=50)
    print(f"\nschemathesis: {outcome}")
    assert outcome.failures == {}
    assert outcome.calls.keys() == outcome.documented
    assert outcome.accepted.keys() == outcome.documented - BY_LINK
    assert module_server.running
