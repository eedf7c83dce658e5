"""What a request must not have done: changed anything, or written what must not be written."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from pemantau.logs import Formatter

HOUSE = ("ledger", "accounts", "tps", "uploads", "transcription", "aggregation")
# A browser that asks is given an identity, and is seen; neither is a state of the count.
NOT_THE_COUNT = {"accounts_device", "accounts_sighting"}
# Words and fields that stand in requests here and may stand in no log line.
NEVER_LOGGED = ("rahasia", "contoh.test", "csrftoken", "sessionid", "paslon_", "suara_sah", "Idempotency", "127.0.0.1")


def tables() -> list[str]:
    models = [model for app in HOUSE for model in apps.get_app_config(app).get_models(include_auto_created=True)]
    return sorted({model._meta.db_table for model in models} - NOT_THE_COUNT)


def fingerprint() -> dict[str, object]:
    """A digest of every row of every table, and of what is in the storage."""
    digests: dict[str, object] = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t")
            digests[table] = cursor.fetchone()
    return digests | {name: stored(name) for name in ("sealed", "public")}


def stored(name: str) -> list[str]:
    return sorted(str(path) for path in Path(storages[name].path("")).rglob("*") if path.is_file())


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = fingerprint()
    yield
    after = fingerprint()
    assert {name for name in after if after[name] != before[name]} == set()


@contextmanager
def nothing_forbidden_is_logged(*secrets: str) -> Iterator[None]:
    """Every line of every logger, as the settings would write it."""
    assert settings.LOGGING["formatters"]["line"]["()"] == "pemantau.logs.Formatter"
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    lines = written.getvalue()
    assert [secret for secret in (*NEVER_LOGGED, *secrets) if secret.lower() in lines.lower()] == [], lines
