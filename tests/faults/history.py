"""What the platform acknowledged, written down by those who were told: the client's side of the story.

One JSON object a line, on disk before the next request is made. Afterwards `invariants.py` checks the platform
against this, not against its own logs.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any


class History:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("a")

    def note(self, what: str, **told: Any) -> None:
        """`photo` (a receipt was given), `entry` (a reading was accepted) or `answer` (any other status)."""
        with self._lock:
            self._file.write(json.dumps({"what": what, **told}) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def told(self, what: str) -> list[dict[str, Any]]:
        with self._lock:
            return [line for line in map(json.loads, self.path.read_text().splitlines()) if line["what"] == what]


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
