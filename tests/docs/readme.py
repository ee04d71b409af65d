"""The shell blocks of README.md, by the word behind ```sh."""

import re

from tests.support.settings import ROOT

README = (ROOT / "README.md").read_text()


def block(name: str) -> str:
    """Return the block of a name, as a user would copy it."""
    (found,) = re.findall(rf"^```sh {name}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)
