"""docker-compose.yml read as an engine would read it, as far as the tests need it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:\{(?P<name>\w+)(?::(?P<how>[-?])(?P<value>[^}]*))?\}|(?P<dollar>\$))")


class Missing(KeyError):
    """A variable that the file demands is not set."""


def load(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` filled in."""

    def fill(text: str) -> str:
        return _VARIABLE.sub(one, text)

    def one(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if value := variables.get(found["name"]):
            return value
        if found["how"] == "?":
            raise Missing(found["name"])
        return found["value"] or ""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        return fill(node) if isinstance(node, str) else node

    return walk(yaml.safe_load(FILE.read_text()))


def example() -> dict[str, str]:
    """deploy/env.example with every empty secret filled in."""
    lines = (ROOT / "deploy" / "env.example").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    given = {name: value or f"secret-of-{name.lower()}-{'0' * 40}" for name, value in pairs}
    return given | {"RECEIPT_KEY": "5e" * 32}  # nothing but hexadecimal digits will do
