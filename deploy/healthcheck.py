"""`python deploy/healthcheck.py web|worker|beat|folder`: exits 0 if that process does its work.

Asked every few seconds by the container engine, so it loads no Django where it need not.
"""

import glob
import http.client
import os
import socket
import sys
import time
from urllib.parse import urlsplit

FOLDER_LOCK = 0x666C6472  # aggregation.folder.LOCK
BEAT_SCHEDULE = "/tmp/beat-schedule"  # noqa: S108  # docker-compose.yml names it
BEAT_SILENCE = 600.0  # seconds; beat writes its schedule down every three minutes


def web() -> bool:
    """The page of health answers 200, under the name that the public uses."""
    origin = urlsplit(os.environ["SITE_ORIGIN"])
    host, _, port = os.environ.get("BIND", "127.0.0.1:8000").rpartition(":")
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, int(port), timeout=6)  # noqa: S104
    connection.request("GET", "/sehat/", headers={"Host": origin.netloc, "X-Forwarded-Proto": origin.scheme})
    return connection.getresponse().status == 200


def worker() -> bool:
    """The worker of this container answers over the broker."""
    sys.path.insert(0, os.getcwd())
    from pemantau.celery import app

    answers = app.control.inspect([f"celery@{socket.gethostname()}"], timeout=10).ping()
    return bool(answers)


def beat() -> bool:
    """Beat has written down lately what it rang."""
    times = [os.path.getmtime(path) for path in glob.glob(BEAT_SCHEDULE + "*")]
    return bool(times) and time.time() - max(times) < BEAT_SILENCE


def folder() -> bool:
    """Somebody holds the lock of the one folder: this one, or the one it is the reserve of."""
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks JOIN pg_database ON oid = database "
            "WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND granted AND datname = current_database()",
            [FOLDER_LOCK],
        )
        return cursor.fetchone() is not None


if __name__ == "__main__":
    try:
        healthy = {"web": web, "worker": worker, "beat": beat, "folder": folder}[sys.argv[1]]()
    except Exception as error:  # whatever it is, the answer is no
        print(type(error).__name__)  # noqa: T201
        healthy = False
    sys.exit(not healthy)
