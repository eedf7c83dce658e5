"""Makes the sums of docs/scaling.md anew from the inputs that stand there."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pemantau import scaling


class Command(BaseCommand):
    help = "Make the sums of docs/scaling.md anew from the inputs that stand there."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "scaling.md"
        path.write_text(scaling.written(path.read_text(encoding="utf-8")), encoding="utf-8")
        for line in scaling.sums(scaling.inputs_of(path.read_text(encoding="utf-8"))):
            self.stdout.write(f"{line.what}: {line.figure}")
