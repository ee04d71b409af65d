"""docker-compose.yml and `.env` as Compose reads them. Docker itself need not be there.

These are the rules of Compose's documentation ("Variable interpolation": the syntax of env files,
and of `${...}`), as far as our two files use them. Anything else fails.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.support.settings import ROOT

ASSIGNMENT = re.compile(
    r"""(?P<name>\w+)\s*=\s*"""
    r"""(?:'(?P<literal>[^'\\]*)'|"(?P<quoted>[^"\\]*)"|(?P<plain>(?!['"]).*?))(?:\s+#.*)?"""
)
VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>[a-z_]\w*)|{(?P<braced>[a-z_]\w*)(?P<rule>:[-?][^{}]*)?})?", re.I
)


class ComposeError(Exception):
    """Compose refuses to start: the message names the variable."""


def read_env(text: str) -> dict[str, str]:
    """Return the variables of an env file. Only single quotes keep a `$` as it is."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = ASSIGNMENT.fullmatch(line.strip())
        assert match, f"this line is not understood: {line}"
        literal = match["literal"]
        other = match["quoted"] or match["plain"] or ""
        found[match["name"]] = interpolate(other, found) if literal is None else literal
    return found


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}`; `$$` is a dollar."""

    def fill(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        name, rule = match["name"] or match["braced"], match["rule"] or ":-"
        if not name:
            raise ComposeError(f"invalid template: {text}")
        value = variables.get(name, "")
        if not value and rule.startswith(":?"):
            raise ComposeError(f"{name}: {rule[2:]}")
        return value or rule[2:]

    return VARIABLE.sub(fill, text)


class Compose:
    """The services as they would be run with an `.env` of this text."""

    def __init__(self, env: str) -> None:
        self._variables = read_env(env)
        text = (ROOT / "docker-compose.yml").read_text()
        self.services: dict[str, Any] = self._fill(yaml.safe_load(text)["services"])

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables that Compose sets in the containers of a service."""
        service = self.services[name]
        assert service.get("env_file") in (None, [{"path": ".env", "required": False}])
        given = self._variables if "env_file" in service else {}
        return given | {key: str(value) for key, value in service["environment"].items()}

    def _fill(self, part: Any) -> Any:
        if isinstance(part, dict):
            return {key: self._fill(value) for key, value in part.items()}
        if isinstance(part, list):
            return [self._fill(value) for value in part]
        return interpolate(part, self._variables) if isinstance(part, str) else part
