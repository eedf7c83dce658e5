"""The receipt's page and what hangs on it: steps, QR code, statement, taking the photo back."""

import io
import re
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest
import segno
from django.test import Client
from django.urls import reverse

from ledger.models import Event
from pemantau import pipeline
from tests.transcription.reading import photo_of, reads, rejects
from transcription.models import Problem
from uploads import receipts, statements
from uploads.models import Photo, Repeat
from uploads.receipts import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(world) -> Photo:
    return Photo.objects.select_related("contest", "station").get(pk=photo_of(world).pk)


def path_of(photo: Photo, more: str = "") -> str:
    return f"/bukti/{receipts.grouped(photo.receipt)}/{more}"


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- The steps ---------------------------------------------------------------------------------


def test_every_state_has_its_step_or_leaves_the_way():
    for state in State:
        places = [step.place for step in receipts.steps_at(state)]
        assert places == sorted(places, key=("done", "present", "ahead").index)
        assert places.count("present") == (state not in (State.REJECTED, State.WITHDRAWN))
    assert [step.place for step in receipts.steps_at(State.RECEIVED)] == ["present", "ahead", "ahead", "ahead"]
    for left in (State.REJECTED, State.WITHDRAWN):  # it was received all the same
        assert [step.place for step in receipts.steps_at(left)] == ["done", "ahead", "ahead", "ahead"], (
            "it was received"
        )
    assert [step.place for step in receipts.steps_at(State.PUBLISHED)] == ["done", "done", "done", "present"]


def test_every_problem_has_a_sentence():
    assert receipts.WHY_REJECTED.keys() == set(Problem.values)


def test_the_present_step_is_marked(client, photo):
    shown = client.get(path_of(photo)).content.decode()
    (present,) = re.findall(r'<li class="step"[^>]*aria-current="step">.*?</li>', shown)
    assert "Dibaca relawan" in present
    assert "sekarang" in present


def test_a_rejected_photos_page_says_why_and_no_numbers(client, world, photo):
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="blurred")
    rejects(world, photo, "blurred")
    pipeline.record(str(photo.pk))
    shown = client.get(path_of(photo))
    assert "Tulisannya terlalu buram untuk dibaca." in text(shown)
    assert 'aria-current="step"' not in shown.content.decode()
    body = client.get(f"/api/v1/receipts/{photo.receipt}/").json()
    assert (body["state"], body["problem"]) == ("rejected", "blurred")
    assert body["message"].endswith("Tulisannya terlalu buram untuk dibaca.")


# --- The statement -------------------------------------------------------------------------------


def test_the_receipt_carries_its_statement(client, photo):
    body = client.get(f"/api/v1/receipts/{photo.receipt}/").json()
    assert statements.read(body["statement"]).photo == photo.pk
    assert body["problem"] is None
    answer = client.get(body["statement_url"])
    assert answer.content.decode() == body["statement"] == statements.of(photo)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    name = re.fullmatch(r'attachment; filename="([^"]+)"', answer["Content-Disposition"])[1]
    assert name.startswith("pernyataan-9101011001001-")
    assert photo.receipt[:8] not in name.replace("-", "")


def test_the_public_key_checks_it_without_us(client, photo):
    """As a stranger would: the published line, the published format, and nothing of ours."""
    import base64
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    line = client.get("/.well-known/pemantau-keys.txt").content.decode().splitlines()[0]
    name, hashed, encoded = line.split("+", 2)
    raw = base64.b64decode(encoded)
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == hashed
    signed, signature = client.get(path_of(photo, "pernyataan.txt")).content.decode().split("\n\n")
    assert signature.startswith(f"— {name} ")
    proof = base64.b64decode(signature.split()[-1])
    assert proof[:4].hex() == hashed
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(proof[4:], f"{signed}\n".encode())


def test_the_keys_are_public_and_need_nobody(client, settings, django_assert_num_queries):
    settings.RECEIPT_OLD_KEYS = [str(statements.key().public)]
    with django_assert_num_queries(0):
        answer = client.get("/.well-known/pemantau-keys.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [str(key) for key in statements.public_keys()]
    assert "max-age=300" in answer["Cache-Control"]
    assert not answer.cookies


def test_anybody_checks_a_statement_and_nothing_is_looked_up(client, photo, django_assert_num_queries):
    statement = statements.of(photo)
    path = reverse("uploads:check_statement")
    assert client.get(path).status_code == 200
    with django_assert_num_queries(0):
        answer = client.post(path, {"pernyataan": statement.replace("\n", "\r\n")})
    assert answer.status_code == 200
    assert "Pernyataan ini asli" in text(answer)
    assert "untuk TPS 9101011001001" in text(answer)
    assert photo.sha256 in text(answer)


@pytest.mark.parametrize("pasted", ["", "x", "receipt/v1\n<script>alert(1)</script>"])
def test_what_is_not_ours_is_said_to_be_so(client, pasted):
    answer = client.post(reverse("uploads:check_statement"), {"pernyataan": pasted})
    assert answer.status_code == 422
    assert "bukan dari kami atau sudah berubah" in text(answer)
    assert "<script>alert" not in answer.content.decode()


def test_nobody_gets_a_cookie_for_it(photo):
    strict = Client(enforce_csrf_checks=True)
    for answer in (
        strict.get(reverse("uploads:check_statement")),
        strict.post(reverse("uploads:check_statement"), {"pernyataan": statements.of(photo)}),
        *(strict.get(path_of(photo, more)) for more in ("", "qr.svg", "pernyataan.txt")),
    ):
        assert (answer.status_code, answer.cookies.output()) == (200, "")


# --- The QR code ---------------------------------------------------------------------------------


def test_the_qr_code_is_that_of_the_pages_address(client, photo):
    answer = client.get(path_of(photo, "qr.svg"))
    assert answer["Content-Type"] == "image/svg+xml"
    drawing = ElementTree.fromstring(answer.content)
    assert drawing.tag.endswith("svg")
    assert "script" not in answer.content.decode()
    png = io.BytesIO()
    address = f"http://testserver{path_of(photo)}"
    segno.make(address, error="m", micro=False).save(png, kind="png", scale=6, border=4)
    picture = cv2.imdecode(np.frombuffer(png.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0] == address
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=4, light="#ffffff", dark="#000000", xmldecl=False, svgclass=None,
        lineclass=None,
    )  # fmt: skip
    assert answer.content == drawn.getvalue()


@pytest.mark.parametrize("more", ["", "qr.svg", "pernyataan.txt"])
def test_for_an_unknown_code_there_is_nothing(client, more):
    assert client.get(f"/bukti/{receipts.new_code()}/{more}").status_code == 404


# --- Taking it back -------------------------------------------------------------------------------


def test_who_has_the_code_takes_it_back_by_the_page(client, photo):
    assert "Ya, tarik foto ini" in text(client.get(path_of(photo)))
    answer = client.post(path_of(photo, "tarik/"), follow=True)
    assert answer.redirect_chain == [(path_of(photo), 302)]
    assert "Foto ini ditarik oleh pengirimnya dan tidak dihitung." in text(answer)
    assert "Ya, tarik" not in text(answer)
    assert Event.objects.filter(kind="withdraw", subject=str(photo.pk)).count() == 1


def test_who_has_the_code_takes_it_back_by_the_api(client, photo):
    path = f"/api/v1/receipts/{photo.receipt}/withdraw/"
    first, again = client.post(path), client.post(path)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["pictures"]) == ("withdrawn", [])
    assert first["Cache-Control"] == "no-store"


def test_too_late_or_not_theirs_alone_is_a_409(client, world, photo):
    path = f"/api/v1/receipts/{photo.receipt}/withdraw/"
    other = photo_of(world, "9101011001002")
    Repeat.objects.create(photo=other, device=world.device())
    answer = client.post(f"/api/v1/receipts/{other.receipt}/withdraw/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "sent_by_others")
    for name in ("Sari", "Budi"):
        reads(world, name, photo)
    answer = client.post(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_decided")
    shown = client.post(path_of(photo, "tarik/"))
    assert shown.status_code == 409
    assert "tidak dapat ditarik lagi" in text(shown)


def test_an_unknown_code_takes_nothing_back(client, photo):
    assert client.post(f"/api/v1/receipts/{receipts.new_code()}/withdraw/").status_code == 404
    assert client.post(f"/bukti/{receipts.new_code()}/tarik/").status_code == 404
    assert not Event.objects.filter(kind="withdraw").exists()


def test_the_code_alone_is_the_right_to_it_and_it_is_not_done_by_looking(photo):
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path_of(photo, "tarik/")).status_code == 405
    assert Photo.objects.get(pk=photo.pk).withdrawn_at is None
    assert strict.post(path_of(photo, "tarik/")).status_code == 302


def test_the_public_page_says_so(client, photo):
    client.post(path_of(photo, "tarik/"))
    shown = client.get(f"/foto/{photo.pk}/")
    assert "Foto ini ditarik oleh pengirimnya" in text(shown)
    assert "/gambar/" not in shown.content.decode()
