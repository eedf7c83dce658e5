"""The production file: its structure, and every command of ours run for real, without containers.

The servers are private ones, with the passwords that the file's own variables give them; only their
addresses are exchanged. So what is tested are the very commands and settings of production.
"""

import http.client
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import psycopg2
import pytest
import yaml

from aggregation.folder import LOCK
from pemantau.local import processes
from pemantau.local.postgres import Postgres
from pemantau.local.s3 import S3
from pemantau.local.valkey import Valkey
from tests.ops import compose
from tests.ops.conftest import until

OURS = {"migrate", "web", "worker", "beat", "folder"}
SERVERS = {"postgres", "valkey", "seaweedfs", "nginx"}
RAW = yaml.safe_load(compose.FILE.read_text())
SERVICES = RAW["services"]


# --- Structure ------------------------------------------------------------------------------


def test_it_names_the_services_of_the_design():
    assert set(SERVICES) == OURS | SERVERS


@pytest.mark.parametrize("name", sorted(OURS | SERVERS))
class TestEachService:
    def test_its_image_is_pinned_or_ours(self, name):
        image = SERVICES[name]["image"]
        if name in OURS:
            assert image == SERVICES["web"]["image"]  # one image for all of ours
        else:
            assert re.search(r":\d", image), image
        assert "latest" not in image

    def test_it_comes_back_after_a_crash(self, name):
        assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")

    def test_its_health_is_asked_for(self, name):
        check = SERVICES[name]["healthcheck"]
        assert check == {"disable": True} if name == "migrate" else check["test"][0] in ("CMD", "CMD-SHELL")

    def test_its_file_system_is_read_only(self, name):
        assert SERVICES[name]["read_only"] is True

    def test_its_secrets_come_from_outside(self, name):
        for key, value in SERVICES[name].get("environment", {}).items():
            if key != "RECEIPT_OLD_KEYS" and re.search("KEY|PASSWORD|SECRET|DATABASE_URL|REDIS_URL", key):
                assert ":?" in str(value), f"{key} has a value in the file, or may be empty"

    def test_its_volumes_are_declared(self, name):
        for volume in SERVICES[name].get("volumes", []):
            source = volume.split(":")[0]
            assert source in RAW["volumes"] or source.startswith(("./", "${")), volume

    def test_what_it_waits_for_exists_and_can_be_waited_for(self, name):
        for other, how in SERVICES[name].get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
            else:
                assert how["condition"] == "service_completed_successfully"
                assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(OURS | {"nginx"}))
def test_what_meets_strangers_runs_without_rights(name):
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_nginx_can_be_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert RAW["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert RAW["networks"]["photos"]["internal"] is True
    assert {name for name, service in SERVICES.items() if "photos" in service["networks"]} == {"seaweedfs", "nginx"}
    assert "outside" not in SERVICES["seaweedfs"]["networks"]
    assert "inside" not in SERVICES["nginx"]["networks"]


def test_only_the_migration_owns_the_tables():
    filled = compose.load(compose.example())["services"]
    for name in OURS:
        user = re.match(r"postgres://(\w+):", filled[name]["environment"]["DATABASE_URL"])[1]
        assert user == ("pemantau" if name == "migrate" else "pemantau_app")
    assert not any("POSTGRES_PASSWORD" in str(SERVICES[name]) for name in OURS - {"migrate"})


def test_the_example_names_exactly_what_the_file_demands():
    demanded = set(re.findall(r"\$\{(\w+):\?", compose.FILE.read_text()))
    assert demanded <= set(compose.example())
    for name in demanded:
        with pytest.raises(compose.Missing, match=name):
            compose.load({key: value for key, value in compose.example().items() if key != name})


def test_the_image_runs_as_the_user_the_file_names_and_installs_by_hash():
    dockerfile = (compose.ROOT / "Dockerfile").read_text()
    assert f"USER {SERVICES['web']['user']}" in dockerfile
    assert "--require-hashes" in dockerfile
    assert re.findall(r"^FROM (\S+)", dockerfile, re.M) == ["python:3.11-slim-bookworm"] * 2


def test_the_folders_health_looks_for_the_folders_lock():
    source = (compose.ROOT / "deploy" / "healthcheck.py").read_text()
    assert int(re.search(r"FOLDER_LOCK = (\w+)", source)[1], 16) == LOCK


# --- The commands, run ----------------------------------------------------------------------


class Production(NamedTuple):
    """Private servers, and our services' commands and environments as the file has them."""

    services: dict
    environment: dict[str, dict[str, str]]
    folder: Path
    port: int

    def program(self, name: str, ready=lambda: True) -> processes.Program:
        environment = self.environment[name]
        return processes.Program(
            name=name,
            command=tuple(self.services[name]["command"]),
            environment=environment,
            log=self.folder / f"{name}.log",
            ready=ready,
            folder=compose.ROOT,
        )

    def is_healthy(self, name: str) -> bool:
        test = self.services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        found = subprocess.run(test[1:], env=self.environment[name], cwd=compose.ROOT, capture_output=True, text=True)
        return found.returncode == 0

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": "pemantau.example", "X-Forwarded-Proto": "https"} | headers)
        return connection.getresponse()


@pytest.fixture(scope="module")
def production(state_folder):
    variables = compose.example()
    owner, app = variables["POSTGRES_PASSWORD"], variables["APP_DATABASE_PASSWORD"]
    passwords = {"postgres": "admin-of-the-test", "pemantau": owner, "pemantau_app": app}
    postgres = Postgres(state_folder, processes.free_port(), passwords, durable=False)
    valkey = Valkey(state_folder, processes.free_port(), variables["VALKEY_PASSWORD"])
    s3 = S3(state_folder, processes.free_port(), variables["S3_ACCESS_KEY_ID"], variables["S3_SECRET_ACCESS_KEY"])
    postgres.prepare()
    programs = [postgres.program(), valkey.program(), s3.program()]
    running = [(program, processes.start_and_wait(program)) for program in programs]
    _as_the_image_does(postgres)
    for bucket in (state_folder / "s3").iterdir():
        bucket.rmdir()  # on a new server there is none

    port = processes.free_port()
    addresses = {
        "@postgres:5432": f"@127.0.0.1:{postgres.port}",
        "@valkey:6379": f"@127.0.0.1:{valkey.port}",
        "http://seaweedfs:8333": s3.endpoint,
        "0.0.0.0:8000": f"127.0.0.1:{port}",
        "/tmp/": f"{state_folder}/",
        "/srv/published": f"{state_folder}/published",
        "/srv/exports": f"{state_folder}/exports",
    }
    services = _exchange({name: compose.load(variables)["services"][name] for name in OURS}, addresses)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    static = {"STATIC_ROOT": str(state_folder / "static")}
    environment = {name: {**services[name]["environment"], **static, "PATH": path} for name in OURS}
    yield Production(services, environment, state_folder, port)
    for program, process in reversed(running):
        processes.stop(program, process)


def _as_the_image_does(postgres: Postgres) -> None:
    """POSTGRES_USER becomes a superuser, and nobody else is there: `prepare` makes the application's role."""
    connection = psycopg2.connect(postgres.url("postgres", "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE pemantau SUPERUSER LOGIN PASSWORD %s", [postgres.passwords["pemantau"]])
        cursor.execute("CREATE DATABASE pemantau OWNER pemantau")
    connection.close()


def _exchange(node, addresses: dict[str, str]):
    if isinstance(node, dict):
        return {key: _exchange(value, addresses) for key, value in node.items()}
    if isinstance(node, list):
        return [_exchange(value, addresses) for value in node]
    for before, after in addresses.items():
        node = node.replace(before, after) if isinstance(node, str) else node
    return str(node)


@pytest.fixture(scope="module")
def migrated(production) -> Production:
    """The database after the one-shot service `migrate`, run twice: at every start it runs again."""
    for _ in range(2):
        done = processes.start(production.program("migrate"))
        assert done.wait(120) == 0, processes.end_of(production.folder / "migrate.log")
    return production


@pytest.fixture
def run(migrated):
    """Start one of our services by the file's command; all stop cleanly at the end."""
    running = []

    def start(name: str, ready=lambda: True) -> subprocess.Popen:
        program = migrated.program(name, ready)
        running.append((program, processes.start_and_wait(program, seconds=60)))
        return running[-1][1]

    yield start
    for program, process in running:
        processes.stop(program, process)


@pytest.mark.slow
def test_migrate_makes_the_buckets_and_the_roles_rights(migrated):
    assert {bucket.name for bucket in (migrated.folder / "s3").iterdir()} == {"pemantau-sealed", "pemantau-public"}
    with psycopg2.connect(migrated.environment["web"]["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tps_election")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM ledger_event")


@pytest.mark.slow
def test_web_is_healthy_and_serves_as_in_production(migrated, run):
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, env=migrated.environment["web"], cwd=compose.ROOT, check=True)
    assert not migrated.is_healthy("web")
    process = run("web", lambda: migrated.is_healthy("web"))

    assert migrated.get("/sehat/").status == 200
    page = migrated.get("/akun/login/")
    assert page.status == 200
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "__Host-" in page.headers["Set-Cookie"]
    style = re.search(r"/static/[\w/.-]+\.css", page.read().decode())[0]
    file = migrated.get(style)
    assert file.status == 200
    assert "immutable" in file.headers["Cache-Control"]
    assert migrated.get("/akun/login/", **{"X-Forwarded-Proto": "http"}).status == 301
    assert migrated.get("/akun/login/", Host="elsewhere.example").status == 400

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.slow
def test_the_worker_is_healthy_when_it_answers_and_not_before(migrated, run):
    assert not migrated.is_healthy("worker")
    process = run("worker", lambda: migrated.is_healthy("worker"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.slow
def test_beat_rings(migrated, run):
    run("beat")
    log = migrated.folder / "beat.log"
    until(lambda: "beat: Starting" in log.read_text(), seconds=30)


@pytest.mark.slow
def test_the_folder_is_healthy_while_it_holds_its_lock(migrated, run):
    assert not migrated.is_healthy("folder")
    process = run("folder", lambda: migrated.is_healthy("folder"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not migrated.is_healthy("folder")
