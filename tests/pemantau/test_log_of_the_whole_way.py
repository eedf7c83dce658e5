"""The whole way and many wrong turns, and then the log: nothing stands in it that must not (TRUST section 6)."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from accounts.management.commands.sample_accounts import PASSWORD
from accounts.models import User
from pemantau import logs, pipeline
from tests.aggregation.evidence import fold
from tests.uploads.conftest import folder_storages
from tests.uploads.pictures import with_secrets
from tests.world import build
from uploads.models import Photo

TPS = "9101011001001"
SENDER, FIRST, SECOND = "103.28.5.14", "36.68.7.41", "180.244.9.77"
# Numbers that stand nowhere else, so that finding one means that a reading is in the log.
VOTES = {"paslon_1": 417, "paslon_2": 398, "paslon_3": 173}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that is logged, at the most talkative level of what production may set, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Formatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def browser(address: str) -> Client:
    return Client(HTTP_X_FORWARDED_FOR=address, raise_request_exception=False)


def signed_in(email: str, address: str) -> Client:
    client = browser(address)
    client.post("/akun/login/", {"login": email, "password": "salah-sekali-1"})
    client.post("/akun/login/", {"login": email, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def send(client: Client, content: bytes, name: str = "IMG_Siti_0812.jpg") -> str:
    """Returns the receipt, or nothing where it was refused."""
    file = SimpleUploadedFile(name, content, "image/jpeg")
    response = client.post("/api/v1/photos/", {"file": file, "station": TPS, "contest": "ppwp", "page": 2})
    return response.json().get("receipt", "")


def read(client: Client, numbers: dict) -> None:
    lease = client.post("/api/v1/tasks/").json()["id"]
    for body in ({"page": 2, "numbers": numbers | {"paslon_1": 4170}}, {"page": 2, "numbers": numbers}):
        body["tps"] = TPS
        client.post(f"/api/v1/tasks/{lease}/entry/", body, content_type="application/json")
    client.post(f"/api/v1/tasks/{lease}/entry/", b'{"numbers": {"paslon_1": 417', content_type="application/json")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_forbidden_is_in_the_log(lines, eager, settings, tmp_path, monkeypatch):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    settings.TRUSTED_PROXY_COUNT = 1
    build()
    call_command("sample_accounts", stdout=io.StringIO())
    secrets = {
        SENDER,
        FIRST,
        SECOND,
        PASSWORD,
        "salah-sekali",
        "IMG_Siti_0812",
        "Siti Rahasia",
        django_settings.SECRET_KEY,
    }

    citizen = browser(SENDER)
    receipt = send(citizen, with_secrets())
    assert receipt
    send(citizen, b"no photo at all")
    send(citizen, b"")
    for code in (receipt, receipt.lower(), receipt[:-1] + "0", "SALAH"):
        citizen.get(f"/bukti/{code}/")
        citizen.get(f"/api/v1/receipts/{code}/")
    citizen.post("/akun/signup/", {"email": "sari.rahasia@contoh.test"})
    citizen.post("/akun/login/code/", {"email": "relawan3@contoh.test"})
    secrets |= set(re.findall(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", " ".join(message.body for message in mail.outbox)))

    first, second = signed_in("relawan1@contoh.test", FIRST), signed_in("relawan2@contoh.test", SECOND)
    read(first, VOTES)
    assert not re.search(r"417|398|173", without_marks(lines.getvalue())), "a reading, before the second one"
    read(second, VOTES)
    fold()
    operator = signed_in("pengelola1@contoh.test", SECOND)
    someone = User.objects.get(email="relawan4@contoh.test")
    operator.post(f"/kelola/orang/{someone.pk}/peran/", {"role": "citizen"})
    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "receive", lambda sending: 1 / 0)
        send(citizen, with_secrets(orientation=3))
    Photo.objects.get()

    for client in (citizen, first, second, operator):
        secrets |= {morsel.value for morsel in client.cookies.values()}
    secrets |= {receipt[:14], receipt.replace("-", "")[:12], "contoh.test", "sari.rahasia"}
    written = lines.getvalue()
    assert "signed in" in written, "the log is being read"
    assert "ZeroDivisionError" in written, "faults are in it, with their traceback"
    assert {secret for secret in secrets if secret and secret.lower() in written.lower()} == set()


def without_marks(written: str) -> str:
    """Without times, numbers of accounts and the marks of requests, ids and hashes, in which any digits may stand."""
    written = re.sub(r"^\S+ \S+ (\w+ \S+) \S+ ", r"\1 ", written, flags=re.MULTILINE)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|\d+\.\d+s|account \d+", "", written)
