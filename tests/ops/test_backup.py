"""The commands of docs/operations.md for backup and restore, run as they stand there."""

import re
import subprocess

import psycopg2
import pytest

from pemantau import services

pytestmark = pytest.mark.slow
SECTION = (services.ROOT / "docs" / "operations.md").read_text().split("### Backup and restore")[1].split("\n## ")[0]


def test_a_backup_restored_elsewhere_holds_everything_and_passes_the_audit(state_folder, tmp_path):
    backup, restore = re.findall(r"```sh\n(.*?)```", SECTION, re.S)
    with services.instance(state_folder) as running:
        photo = running.state / "objects" / "sealed" / "originals" / "ab" / "photo"
        photo.parent.mkdir(parents=True)
        photo.write_bytes(b"a sealed photo")
        environment = services._without_real_servers()
        _as_in_a_clone(tmp_path, running)
        owner = running.environment["OWNER_DATABASE_URL"]
        empty = owner.rsplit("/", 1)[0] + "/restored"
        _query(owner, "CREATE DATABASE restored")

        _run(backup, tmp_path, environment)
        _run(restore, tmp_path, environment | {"EMPTY_DATABASE_URL": empty})

        for table in ("tps_pollingstation", "tps_region", "tps_option", "accounts_user", "ledger_event"):
            assert _query(empty, f"SELECT count(*) FROM {table}") == _query(owner, f"SELECT count(*) FROM {table}")
        assert _query(empty, "SELECT count(*) > 100 FROM tps_pollingstation") == [(True,)]
        # What is append-only stays so in the restored database.
        with pytest.raises(psycopg2.Error, match="is append-only: TRUNCATE refused"):
            _query(empty, "TRUNCATE ledger_event CASCADE")
        unpacked = tmp_path / "unpacked"
        unpacked.mkdir()
        subprocess.run(["tar", "--extract", f"--file={tmp_path}/objects.tar", f"--directory={unpacked}"], check=True)
        assert (unpacked / photo.relative_to(running.state)).read_bytes() == b"a sealed photo"


def _as_in_a_clone(folder, running: services.Running) -> None:
    (folder / ".venv").symlink_to(services.ROOT / ".venv")
    (folder / "manage.py").symlink_to(services.ROOT / "manage.py")
    (folder / "pemantau").symlink_to(services.ROOT / "pemantau")
    (folder / "var").symlink_to(running.state)


def _run(script: str, folder, environment: dict[str, str]) -> None:
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def _query(url: str, statement: str) -> list:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
