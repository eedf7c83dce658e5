"""`manage.py list_refusals`: the table of docs/refusals.md, from the code."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from django.core.management.base import BaseCommand
from django.utils import translation

from accounts.refusals import Refusal

HOUSE = ("ledger", "accounts", "tps", "uploads", "transcription", "aggregation", "pemantau")


def all_refusals() -> list[type[Refusal]]:
    """Every refusal of the house that has a code of its own, by status and code."""
    for app in HOUSE:
        for module in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                import_module(module.name)
    ours = (kind for kind in _below(Refusal) if kind.__module__.split(".")[0] in HOUSE and "code" in vars(kind))
    return sorted(ours, key=lambda kind: (kind.status, kind.code))


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for refusal in kind.__subclasses__():
        yield refusal
        yield from _below(refusal)


def table() -> list[str]:
    with translation.override("id"):
        return [f"| `{kind.code}` | {kind.status} | {kind.sentence} | `{kind.__module__}` |" for kind in all_refusals()]


class Command(BaseCommand):
    help = "Prints the table of docs/refusals.md: every refusal with its code, status, sentence and room."

    def handle(self, **options: object) -> None:
        self.stdout.write("\n".join(table()))
