"""What an instance remembers in its state folder: secrets, ports, and who runs it now.

secrets.json   made once; keys and passwords (mode 600)
ports.json     the inner ports, so that an address noted down stays true
services.env   settings for `manage.py` beside the running instance (mode 600)
services.lock  held by the supervisor as long as it lives
services.json  where it answers, and the process numbers of its children
log/ objects/ postgres/ valkey/
"""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pemantau.local import processes
from pemantau.local.postgres import ROLES


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this state folder."""


@dataclass(frozen=True)
class State:
    folder: Path

    def open(self) -> None:
        """Make the folder, and hold it until this process ends; AlreadyRunning where somebody does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self.folder.chmod(0o711)  # PostgreSQL passes through as another user; secrets are 600
        (self.folder / "mail").mkdir(mode=0o700, exist_ok=True)  # codes of people who sign in
        lock = os.open(self.folder / "services.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            running = self.running()
            address = running.get("url", "(starting)")
            raise AlreadyRunning(f"Pemantau runs already on {self.folder}: {address}") from None

    def secrets(self) -> dict[str, str]:
        """Keys and passwords, each made the first time it is wanted."""
        path = self.folder / "secrets.json"
        known = dict(json.loads(path.read_text())) if path.exists() else {}
        made = {name: secrets.token_hex(24) for name in (*ROLES, "valkey")}
        made |= {"secret_key": secrets.token_urlsafe(50), "receipt_key": secrets.token_hex(32)}
        if made.keys() - known.keys():
            known = made | known
            self.write_private("secrets.json", json.dumps(known, indent=1))
        return known

    def port(self, name: str) -> int:
        """The remembered inner port of a program; another where that is taken meanwhile."""
        path = self.folder / "ports.json"
        ports = dict(json.loads(path.read_text())) if path.exists() else {}
        if name not in ports or not processes.is_free(ports[name]):
            ports[name] = processes.free_port()
            self.write_private("ports.json", json.dumps(ports))
        return int(ports[name])

    def running(self) -> dict[str, Any]:
        """What the last supervisor said of itself; empty where none ever did."""
        path = self.folder / "services.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def write_running(self, said: Mapping[str, Any]) -> None:
        self.write_private("services.json", json.dumps(said, indent=1))

    def write_private(self, name: str, text: str) -> None:
        """Written whole or not at all, for the owner's eyes only."""
        new = self.folder / f"{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.folder / name)
