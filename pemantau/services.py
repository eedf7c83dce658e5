"""The platform on one machine: which programs, in which order, with which settings.

    PostgreSQL, Valkey → prepare (migrate, grant, sample) → web → worker, beat, folder

`run` is what `make run` does, in the foreground. `instance` is the same in a child process, for
demonstrations, benchmarks and fault tests that want a platform of their own. A server named by
`DATABASE_URL` or `REDIS_URL` is used as it is, and no child of ours runs in its place.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pemantau.local import leftovers, processes
from pemantau.local.postgres import APP, OWNER, Postgres
from pemantau.local.processes import Program, StartFailed
from pemantau.local.state import State
from pemantau.local.supervisor import Supervisor
from pemantau.local.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
FIRST_WEB_PORT = 8000
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
REAL_SERVERS = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "S3_ENDPOINT")


class _Stop(BaseException):
    """Somebody asked us to stop."""


def run(folder: Path, *, port: int | None, sample: bool, say: Callable[[str], None]) -> None:
    """Run everything on this state folder until SIGINT or SIGTERM; StartFailed, AlreadyRunning."""
    state = State(folder)
    state.open()
    ours = {int(pid): command for pid, command in state.running().get("ours", {}).items()}
    for number in _STOPPING:
        signal.signal(number, _stop)
    try:
        if ended := leftovers.end(folder, ours):
            say(f"Ended {ended} processes that an earlier run left behind.")
        _run(state, port, sample, say)
    except _Stop:
        say("Stopping.")


def _run(state: State, port: int | None, sample: bool, say: Callable[[str], None]) -> None:
    web_port = _web_port(port)
    url = f"http://127.0.0.1:{web_port}"
    ready = False

    def changed(pids: dict[str, int]) -> None:
        said = {"url": url, "pid": os.getpid(), "ready": ready, "children": pids}
        state.write_running(said | {"ours": leftovers.commands(pids.values())})

    supervisor = Supervisor(say, changed)
    try:
        settings = _start_servers(state, supervisor, url)
        _prepare(state, settings, sample, say)
        del settings["OWNER_DATABASE_URL"]  # what serves people owns no table
        for program in _application(state, settings, web_port):
            supervisor.start(program, seconds=60)
        ready = True
        changed(supervisor.pids())
        say(f"Pemantau: {url}/\nLogs: {state.folder / 'log'}\nCtrl-C stops everything.")
        while True:
            time.sleep(0.2)
            supervisor.look_after()
    finally:
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)  # stopping once is enough
        supervisor.stop()
        leftovers.end(state.folder, {})


def _stop(number: int, frame: FrameType | None) -> None:
    # An exception that meets a destructor is dropped there by Python; so it is raised again until it is heard.
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    raise _Stop


# --- The programs ---------------------------------------------------------------------------


def _start_servers(state: State, supervisor: Supervisor, url: str) -> dict[str, str]:
    """Start the servers that are not given from outside; returns the settings of the application."""
    secrets = state.secrets()
    settings = {
        "PEMANTAU_DEVELOPMENT": "1",
        "PEMANTAU_STATE_DIR": str(state.folder),
        "SECRET_KEY": os.environ.get("SECRET_KEY", secrets["secret_key"]),
        "RECEIPT_KEY": os.environ.get("RECEIPT_KEY", secrets["receipt_key"]),
        "SITE_ORIGIN": os.environ.get("SITE_ORIGIN", url),
        **{name: os.environ[name] for name in REAL_SERVERS if name in os.environ},
    }
    mark = leftovers.mark(state.folder)
    if "DATABASE_URL" not in settings:
        postgres = Postgres(state.folder, state.port("postgres"), secrets)
        postgres.prepare()
        supervisor.start(postgres.program(mark), seconds=30)
        postgres.create_database()
        settings |= {"DATABASE_URL": postgres.url(APP), "OWNER_DATABASE_URL": postgres.url(OWNER)}
    if "REDIS_URL" not in settings:
        valkey = Valkey(state.folder, state.port("valkey"), secrets["valkey"])
        supervisor.start(valkey.program(mark), seconds=30)
        settings["REDIS_URL"] = valkey.url()
    settings.setdefault("OWNER_DATABASE_URL", settings["DATABASE_URL"])
    # `manage.py audit` and its like find the running instance by this file.
    state.write_private("services.env", "".join(f"{name}={value}\n" for name, value in settings.items()))
    return settings


def _prepare(state: State, settings: Mapping[str, str], sample: bool, say: Callable[[str], None]) -> None:
    owner = {"DATABASE_URL": settings["OWNER_DATABASE_URL"]}
    command = ("manage.py", "prepare", *(["--sample"] if sample else []))
    program = _python(state, {**settings, **owner}, "prepare", *command)
    program.log.unlink(missing_ok=True)
    process = processes.start(program)
    try:
        failed = process.wait()
    finally:
        processes.stop(program, process)
    if failed:
        raise StartFailed(f"The database could not be prepared:\n{processes.end_of(program.log, 30)}")
    say(program.log.read_text().rstrip())


def _application(state: State, settings: Mapping[str, str], web_port: int) -> Iterator[Program]:
    """What needs the servers. The web comes first: a page is there soonest, and what is sent waits a moment."""
    bind = f"127.0.0.1:{web_port}"
    web = ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", bind, "pemantau.wsgi")
    yield _python(state, settings, "web", *web, ready=lambda: _answers(f"http://{bind}/sehat/"))
    celery = ("-m", "celery", "-A", "pemantau")
    schedule = str(state.folder / "beat-schedule")
    yield _python(state, settings, "worker", *celery, "worker", "--concurrency=2", "--without-gossip", "-l", "INFO")
    yield _python(state, settings, "beat", *celery, "beat", "--schedule", schedule, "--pidfile=", "-l", "INFO")
    yield _python(state, settings, "folder", "manage.py", "folder")


def _python(
    state: State, settings: Mapping[str, str], name: str, *arguments: str, ready: Callable[[], bool] = lambda: True
) -> Program:
    return Program(
        name=name,
        command=(sys.executable, *arguments),
        environment={**os.environ, **settings, **leftovers.mark(state.folder), "PYTHONUNBUFFERED": "1"},
        log=state.folder / "log" / f"{name}.log",
        ready=ready,
        folder=ROOT,
    )


def _answers(url: str) -> bool:
    """Whether a web server answers there; what it says of its health is in its log."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  # an address of our own making
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _web_port(wanted: int | None) -> int:
    if wanted is not None:
        if not processes.is_free(wanted):
            raise StartFailed(f"Port {wanted} is taken by another program.")
        return wanted
    return next(port for port in range(FIRST_WEB_PORT, 65536) if processes.is_free(port))


# --- An instance of one's own ---------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A platform that runs in a process of its own."""

    url: str
    state: Path

    @property
    def children(self) -> dict[str, int]:
        """Process numbers by name: postgres, valkey, worker, beat, folder, web."""
        return dict(State(self.state).running()["children"])

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in order to work with this instance, as the application would."""
        lines = (self.state / "services.env").read_text().splitlines()
        return {**_without_real_servers(), **dict(line.split("=", 1) for line in lines)}

    def manage(self, *arguments: str, as_owner: bool = False) -> str:
        """Run `manage.py …` on this instance; returns what it printed, CalledProcessError if it fails."""
        environment = self.environment
        if as_owner:
            environment["DATABASE_URL"] = environment["OWNER_DATABASE_URL"]
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextmanager
def instance(
    folder: Path, *, port: int | None = None, sample: bool = True, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A private platform on this state folder, on free ports, for as long as the block runs.

    `environment` adds settings. Servers named in our own environment are not used: an instance is private.
    """
    command = [sys.executable, "manage.py", "services", "--state", str(folder), "--port", str(port or _quiet_port())]
    program = Program(
        name="services",
        command=(*command, *([] if sample else ["--no-sample"])),
        environment={**_without_real_servers(), "PEMANTAU_DEVELOPMENT": "1", **(environment or {})},
        log=folder / "log" / "services.log",
        ready=lambda: True,
        stop_seconds=60,
        folder=ROOT,
    )
    process = processes.start(program)
    try:
        state = State(folder)
        while not (said := state.running()).get("ready") or said["pid"] != process.pid:
            if process.poll() is not None:
                raise StartFailed(f"The instance does not start:\n{processes.end_of(program.log, 40)}")
            time.sleep(0.1)
        yield Running(said["url"], folder)
    finally:
        processes.stop(program, process)


def _quiet_port() -> int:
    """Any free port: the default ones are for people."""
    return processes.free_port()


def _without_real_servers() -> dict[str, str]:
    private = (
        *REAL_SERVERS,
        "PEMANTAU_STATE_DIR",
        "SECRET_KEY",
        "RECEIPT_KEY",
        "SITE_ORIGIN",
        "DJANGO_SETTINGS_MODULE",
        leftovers.MARK,
    )
    return {name: value for name, value in os.environ.items() if name not in private}
