"""Real servers under the tests, and the fixtures everybody shares.

Unless `DATABASE_URL` is set, a private PostgreSQL and Valkey start on free ports in a temporary folder
and end with the tests. With xdist the controller starts them and each worker gets a test database, a
Valkey database and an object folder of its own. Django's settings read all that from the environment,
so it happens here, at import, before Django is set up (therefore pyproject.toml names no settings).
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pemantau.local import processes
from pemantau.local.postgres import ROLES, Postgres
from pemantau.local.s3 import S3
from pemantau.local.valkey import Valkey

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_running: list[tuple[processes.Program, object]] = []
_folders: list[Path] = []


def _start_services() -> None:
    state = Path(tempfile.mkdtemp(prefix="pemantau-tests-"))
    _folders.append(state)
    state.chmod(0o711)  # as root, PostgreSQL runs as another user
    passwords = {role: secrets.token_hex(16) for role in ROLES}
    postgres = Postgres(state, processes.free_port(), passwords, durable=False)
    valkey = Valkey(state, processes.free_port(), secrets.token_hex(16))
    postgres.prepare()
    for program in (postgres.program(), valkey.program()):
        _running.append((program, processes.start_and_wait(program)))
    postgres.create_database()
    os.environ["DATABASE_URL"] = postgres.url()
    os.environ["REDIS_URL"] = valkey.url()
    os.environ["PEMANTAU_TEST_STATE"] = str(state)


def _stop_services() -> None:
    while _running:
        processes.stop(*_running.pop())
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


def _prepare_environment() -> None:
    if "DATABASE_URL" not in os.environ:
        _start_services()
    state = Path(os.environ.get("PEMANTAU_TEST_STATE") or tempfile.mkdtemp(prefix="pemantau-tests-"))
    os.environ["PEMANTAU_DEVELOPMENT"] = "1"
    os.environ["PEMANTAU_STATE_DIR"] = str(state / (_WORKER or "main"))
    os.environ.setdefault("RECEIPT_KEY", secrets.token_hex(32))
    os.environ["DJANGO_SETTINGS_MODULE"] = "pemantau.settings"
    if _WORKER:
        number = int(_WORKER.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{number}"
    import django

    django.setup()
    from django.conf import settings

    # libpq does not hear the signal of pytest-timeout: a deadlock must end by itself, or the suite never does.
    limits = "-c lock_timeout=60s -c statement_timeout=200s -c idle_in_transaction_session_timeout=200s"
    settings.DATABASES["default"].setdefault("OPTIONS", {})["options"] = limits
    # Real password hashes take half a second each, on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from tests.guards import step_around

    step_around()
    # Else pytest-django in an xdist worker would load the settings before this file has set its Valkey.
    del os.environ["DJANGO_SETTINGS_MODULE"]


_prepare_environment()


def pytest_xdist_setupnodes() -> None:
    """A conftest below may have imported `pemantau.celery`, which names the settings again, for the workers as well."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure() -> None:
    _stop_services()


@pytest.fixture(scope="session")
def django_db_modify_db_settings_suffix() -> None:
    """Nothing: databases are named by worker already."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """The test database, with the application role's rights granted as in production."""
    from django.core.management import call_command, get_commands

    if "database_roles" in get_commands():
        with django_db_blocker.unblock():
            call_command("database_roles", verbosity=0)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    from django.core.cache import caches

    from accounts import doorkeeper
    from aggregation import publication, published_files
    from uploads import storage

    yield
    shutil.rmtree(published_files.root(), ignore_errors=True)
    published_files.forget()
    publication._followed.clear()
    for name in ("default", "process"):
        caches[name].clear()
    doorkeeper.forget()
    storage.ask_again()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real inputs that are not in the repository: PEMANTAU_SHARED, or ../shared beside it."""
    folder = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        message = f"No shared data at {folder}; set PEMANTAU_SHARED."
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return folder


@pytest.fixture
def world(db):
    """The small invented world of `tests.world`."""
    from tests.world import build

    return build()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A real S3 with the two buckets; `s3.environment()` are its settings."""
    with tempfile.TemporaryDirectory(prefix="pemantau-s3-") as folder:
        server = S3(Path(folder), processes.free_port(), "pemantau", secrets.token_hex(16))
        program = server.program()
        process = processes.start_and_wait(program)
        yield server
        processes.stop(program, process)


@pytest.fixture
def as_app(db) -> Iterator[None]:
    """The test's connection has only the rights that the application has in production."""
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'SET ROLE "{settings.APP_DATABASE_ROLE}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def eager() -> Iterator[None]:
    """Celery tasks run at once, in this process, and their errors are ours."""
    from pemantau.celery import app

    before = app.conf.task_always_eager, app.conf.task_eager_propagates
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager, app.conf.task_eager_propagates = before


# Without these Chromium looks for its maker's servers at every start.
_CHROMIUM_OPTIONS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., "Browser"]]:
    """`launch(*options)`: Chromium as Debian ships it, driven by Playwright; `make test` installs it where it can."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM_BIN") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("No Chromium here. As root: apt-get install --no-install-recommends chromium libatomic1")
    # Playwright's loop runs in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:

        def started(*options: str) -> "Browser":
            arguments = [*_CHROMIUM_OPTIONS, *as_root, *options]
            return playwright.chromium.launch(executable_path=program, args=arguments)

        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(launch: Callable[..., "Browser"]) -> Iterator["Browser"]:
    browser = launch()
    yield browser
    browser.close()
