"""The samples of the reference for curl and Python. Those for JavaScript: tests/journeys."""

from pathlib import Path

import pytest
from flask import Flask

from tests.docs.blocks import FENCE
from tests.docs.samples import LANGUAGES, try_samples
from tests.support.databases import ON_SQLITE
from tests.support.openapi import Json, Operation
from tests.support.server import Server


@pytest.mark.journey
@ON_SQLITE
@pytest.mark.timeout(300)
@pytest.mark.parametrize("lang", ["Shell", "Python"])
def test_samples_work_as_they_stand(server: Server, app: Flask, tmp_path: Path, lang: str) -> None:
    assert try_samples(lang, server, app, tmp_path) > 20


def test_every_operation_has_a_sample_of_each_kind(operations: list[Operation]) -> None:
    for operation in operations:
        assert [one["lang"] for one in operation.doc["x-codeSamples"]] == list(LANGUAGES)


def test_the_introduction_is_short(document: Json) -> None:
    """Its code is that of README.md, or is run by the journeys."""
    text = document["info"]["description"]
    assert len(text.split()) < 250
    assert [language for language, _, _ in FENCE.findall(text)] == ["sh", "js"]
