"""The whole platform on one machine: it comes back after every kind of death, and loses nothing."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import psycopg2
import pytest
import redis

from pemantau import services
from pemantau.local import leftovers, processes
from pemantau.local.postgres import Postgres
from pemantau.local.state import State
from tests.ops.conftest import until

pytestmark = pytest.mark.slow
CHILDREN = {"postgres", "valkey", "worker", "beat", "folder", "web"}


@pytest.fixture(scope="module")
def running(state_folder):
    with services.instance(state_folder, sample=False) as running:
        yield running


def connect(running: services.Running, url: str = "OWNER_DATABASE_URL"):
    connection = psycopg2.connect(running.environment[url], connect_timeout=3)
    connection.autocommit = True
    return connection


def query(running: services.Running, statement: str, *values):
    connection = connect(running)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def answers(running: services.Running) -> bool:
    return services._answers(f"{running.url}/sehat/")


def test_everything_runs_and_the_web_answers(running):
    assert set(running.children) == CHILDREN
    with urllib.request.urlopen(f"{running.url}/sehat/") as response:
        assert response.status == 200


@pytest.mark.parametrize("name", sorted(CHILDREN))
def test_a_killed_child_is_started_again(running, name):
    before = running.children[name]
    os.kill(before, signal.SIGKILL)
    until(lambda: running.children[name] != before)
    until(lambda: answers(running))
    if name == "postgres":
        until(lambda: _no_error(lambda: query(running, "SELECT 1")))


def _no_error(attempt) -> bool:
    try:
        attempt()
    except psycopg2.OperationalError:
        return False
    return True


def test_the_application_does_not_hold_the_owners_password(running):
    owner = running.environment["OWNER_DATABASE_URL"]
    environ = Path(f"/proc/{running.children['web']}/environ").read_bytes()
    assert running.environment["DATABASE_URL"].encode() in environ
    assert owner.encode() not in environ


def test_the_application_may_not_change_tables(running):
    connection = connect(running, "DATABASE_URL")
    with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("CREATE TABLE sneaked_in (id int)")
    connection.close()


def test_secrets_are_for_the_owner_alone(running):
    for name in ("secrets.json", "services.env", "services.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((running.state / name).stat().st_mode) == 0o600, name


def test_no_password_stands_in_a_command_line(running):
    secrets = State(running.state).secrets().values()
    for pid in running.children.values():
        line = Path(f"/proc/{pid}/cmdline").read_text()
        assert not any(secret in line for secret in secrets)


def test_what_a_broken_request_says_stays_out_of_the_log(running):
    port = int(running.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie sessionid=topsecret\r\n\r\n")
        assert b" 400 " in connection.recv(1000)
    log = running.state / "log" / "web.log"
    until(lambda: "Invalid request" in log.read_text())
    assert "topsecret" not in log.read_text()
    assert "127.0.0.1" not in [line for line in log.read_text().splitlines() if "Invalid" in line][-1]


def test_a_command_beside_it_works_on_what_runs(running):
    environment = {name: value for name, value in os.environ.items() if name not in running.environment}
    environment |= {"PEMANTAU_STATE_DIR": str(running.state), "PATH": os.environ["PATH"]}
    shown = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "from django.db import connection as c; print(c.settings_dict['PORT'])",
        ],
        env=environment,
        cwd=services.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    port = re.search(r":(\d+)/", running.environment["DATABASE_URL"].split("@")[1]).group(1)
    assert shown.stdout.split()[-1] == port


def test_a_second_start_on_the_same_folder_is_refused_with_the_address(running):
    second = subprocess.run(
        [sys.executable, "manage.py", "services", "--state", str(running.state)],
        cwd=services.ROOT,
        env=services._without_real_servers(),
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert f"runs already on {running.state}: {running.url}" in second.stderr
    assert answers(running)


def test_a_taken_port_is_refused_in_one_sentence(running, tmp_path):
    port = running.url.rsplit(":", 1)[1]
    refused = subprocess.run(
        [sys.executable, "manage.py", "services", "--state", str(tmp_path), "--port", port],
        cwd=services.ROOT,
        env=services._without_real_servers(),
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert f"Port {port} is taken by another program." in refused.stderr
    assert leftovers.find(tmp_path, {}) == set()


# --- Deaths of all of it --------------------------------------------------------------------


def launch(folder: Path) -> subprocess.Popen:
    log = (folder / "said.log").open("ab")
    command = ["manage.py", "services", "--no-sample", "--port", str(processes.free_port())]
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=services.ROOT,
        env=services._without_real_servers() | {"PEMANTAU_STATE_DIR": str(folder)},  # as `make run` with var/
        stdout=log,
        stderr=log,
    )


def start_services(folder: Path) -> subprocess.Popen:
    process = launch(folder)
    state = State(folder)
    until(lambda: state.running().get("pid") == process.pid and state.running()["ready"], seconds=120)
    return process


@pytest.fixture
def own_folder():
    with tempfile.TemporaryDirectory(prefix="pemantau-state-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
        leftovers.end(folder, {})


@pytest.mark.parametrize("whom", ["the supervisor", "everything"])
def test_kill_9_loses_no_acknowledged_row(own_folder, whom):
    process = start_services(own_folder)
    running = services.Running(State(own_folder).running()["url"], own_folder)
    ports = State(own_folder).port
    query(running, "CREATE TABLE acknowledged (number int PRIMARY KEY)")
    redis.Redis.from_url(running.environment["REDIS_URL"]).set("rung", "yes")
    connection = connect(running)
    with connection.cursor() as cursor:
        for number in range(500):
            cursor.execute("INSERT INTO acknowledged VALUES (%s)", [number])
            if number == 250:
                until(lambda: _on_disk(own_folder, b"rung"))  # Valkey promises it after a second

    ours = leftovers.find(own_folder, {}) if whom == "everything" else set()
    process.kill()
    for pid in ours:
        leftovers._send(pid, signal.SIGKILL)
    process.wait()

    process = start_services(own_folder)
    try:
        assert query(running, "SELECT count(*), max(number) FROM acknowledged") == [(500, 499)]
        assert redis.Redis.from_url(running.environment["REDIS_URL"]).get("rung") == b"yes"
        assert ports("postgres")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0


def _on_disk(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in (folder / "valkey").rglob("*.aof"))


def test_ctrl_c_stops_everything_cleanly(own_folder):
    process = start_services(own_folder)
    pids = State(own_folder).running()["children"].values()

    process.send_signal(signal.SIGINT)

    assert process.wait(120) == 0
    assert not any(leftovers._runs(pid) for pid in pids)
    assert leftovers.find(own_folder, {}) == set()
    log = (own_folder / "log" / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


@pytest.mark.parametrize("moment", ["postgres", "worker"])
def test_ctrl_c_while_it_starts_leaves_nothing_behind(own_folder, moment):
    process = launch(own_folder)
    state = State(own_folder)
    until(lambda: moment in state.running().get("children", {}), seconds=120)

    process.send_signal(signal.SIGINT)

    assert process.wait(120) == 0
    assert leftovers.find(own_folder, {}) == set()


def test_a_state_folder_that_postgresql_cannot_reach_moves_its_cluster(tmp_path):
    """As root below a closed folder such as /root; for others the cluster simply stays in the state folder."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    passwords = {"postgres": "a", "pemantau": "b", "pemantau_app": "c"}
    state = closed / "var"
    postgres = Postgres(state, processes.free_port(), passwords, durable=False)
    if postgres.account:
        assert str(postgres.home).startswith("/var/lib/pemantau/")
        made_anew = Postgres(state, postgres.port, passwords | {"postgres": "another"}, durable=False)
        assert made_anew.home != postgres.home
    else:
        assert postgres.home == state / "postgres"
    try:
        postgres.prepare()
        process = processes.start_and_wait(postgres.program())
        processes.stop(postgres.program(), process)
    finally:
        subprocess.run(["rm", "-rf", str(postgres.home)], check=True)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
