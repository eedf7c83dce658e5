"""Finding a TPS and sending a photo with nothing but HTML."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pemantau import pipeline
from tests.uploads.pictures import encoded, taken_at
from tps import names
from tps.models import Contest, Election, Region
from uploads.models import Photo

pytestmark = pytest.mark.django_db

TPS = "9101011001001"


def send(client, content: bytes | None = None, code: str = TPS, follow: bool = True, **fields):
    file = SimpleUploadedFile("foto.jpg", encoded(width=200, height=300) if content is None else content)
    return client.post(f"/kirim/{code}/", {"contest": "ppwp", "page": "2", "file": file} | fields, follow=follow)


def text(answer) -> str:
    """The words of a page, as they stand without scripts."""
    plain = re.sub(r"<script.*?</script>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain))


# --- Finding the TPS ----------------------------------------------------------------------


def test_from_the_province_to_the_tps_in_steps(client, world):
    address, seen = "/kirim/", []
    for link in ("?wilayah=91", "?wilayah=9101", "?wilayah=910101", "?wilayah=9101011001", f"/kirim/{TPS}/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert f'href="{link}"' in answer.content.decode(), (address, link)
        seen.append(text(answer))
        address = f"/kirim/{link}" if link.startswith("?") else link
    assert "Contoh Raya 5 TPS" in seen[0]
    assert "Desa 1 3 TPS" in seen[3]
    assert "TPS 001 0 foto" in seen[4]


def test_a_kecamatan_names_its_tps_village_by_village(client, world, django_assert_num_queries):
    with django_assert_num_queries(3):  # the election; the regions above; the TPS with their villages
        shown = client.get("/kirim/?wilayah=910101")
    assert all(f'href="/kirim/{code}/"' in shown.content.decode() for code in world.stations)
    assert "Desa 1 3 TPS 001 002 003 Desa 2" in text(shown)


def test_a_kecamatan_with_very_many_tps_names_its_villages_only(client, world, monkeypatch):
    monkeypatch.setattr("uploads.places.NAMED_AT_ONCE", 4)
    shown = client.get("/kirim/?wilayah=910101").content.decode()
    assert 'href="?wilayah=9101011001"' in shown
    assert "/kirim/9101011001001/" not in shown


def test_regions_without_tps_in_this_election_are_not_shown(client, world):
    world.election.is_current = False
    world.election.save()
    Election.objects.create(code="lain", name="Lain", date="2030-01-01", is_current=True)
    assert "Belum ada TPS di sini" in text(client.get("/kirim/"))


@pytest.mark.parametrize(
    "typed", [TPS, f" {TPS} ", "910101.1001.001", "9101011001 001", "melati indah 1", "kel. melati tps 001"]
)
def test_by_code_or_by_the_villages_name_and_number(client, world, typed):
    Region.objects.filter(code="9101011001").update(name="Melati Indah")
    names.renew()
    answer = client.get("/kirim/", {"q": typed})
    assert (answer.status_code, answer["Location"]) == (302, f"/kirim/{TPS}/")


def test_before_there_is_an_election_it_says_so(client, db):
    answer = client.get("/kirim/")
    assert answer.status_code == 200
    assert "Belum ada pemilu" in text(answer)


def test_a_name_lists_what_it_may_mean(client, world):
    shown = client.get("/kirim/", {"q": "desa"}).content.decode()
    assert 'href="?wilayah=9101011001"' in shown
    assert "Anggrek, Kabupaten Melati, Contoh Raya" in shown


@pytest.mark.parametrize("typed", ["9999999999999", "zzz", "<script>", "' OR 1=1", "\x00", "9" * 3000, "desa zzz"])
def test_what_is_not_found_says_so_and_stays_in_the_field(client, world, typed):
    answer = client.get("/kirim/", {"q": typed})
    assert answer.status_code == 200
    assert "Tidak ada yang cocok" in text(answer)
    assert "<script>" not in answer.content.decode()


def test_the_search_prefers_what_is_near_what_was_used_last(client, world):
    shown = client.get("/kirim/", {"q": "desa", "dekat": "9101011002001"}).content.decode()
    assert shown.index("?wilayah=9101011002") < shown.index("?wilayah=9101011001")
    assert 'name="dekat" value="9101011002001"' in shown


@pytest.mark.parametrize("typed", [f"/t/{TPS}/", f"/t/{TPS}"])
def test_the_address_on_posters_leads_to_the_form(client, world, typed):
    assert client.get(typed)["Location"] == f"/kirim/{TPS}/"


def test_searching_costs_few_queries(client, world, django_assert_num_queries):
    client.get("/kirim/")
    with django_assert_num_queries(6):  # the election, the words, the regions, their names; the nation, the provinces
        client.get("/kirim/", {"q": "desa"})


@pytest.mark.parametrize("path", ["/kirim/123/", "/kirim/9999999999999/", "/kirim/?wilayah=77", "/kirim/?wilayah=x%00"])
def test_what_does_not_exist_is_404(client, world, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", ["", "91", "910101", "9101011001"])
def test_finding_costs_few_queries(client, world, code):
    client.get("/kirim/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/kirim/", {"wilayah": code})
    assert len(queries) <= 3


# --- The form -----------------------------------------------------------------------------


def test_the_form_says_what_is_there_already(client, world, folder):
    send(client)
    shown = text(client.get(f"/kirim/{TPS}/"))
    assert shown.count("Sudah ada 1 foto") == 1
    assert shown.count("Belum ada foto") == 4  # two more wall sheets, two pages of the copy


def test_with_several_contests_one_is_chosen_first(client, world):
    Contest.objects.create(election=world.election, code="dpd", kind="dpd", name="DPD", form="c-hasil-ppwp")
    answer = client.get(f"/kirim/{TPS}/")
    assert 'id="berkas"' not in answer.content.decode()
    assert "?pemilihan=dpd" in answer.content.decode()
    answer = client.get(f"/kirim/{TPS}/?pemilihan=dpd")
    assert 'id="berkas"' in answer.content.decode()
    assert 'name="contest" value="dpd"' in answer.content.decode()


def test_a_contest_that_is_not_voted_on_here_is_not_offered(client, world):
    Contest.objects.create(
        election=world.election, code="dprd", kind="dprd_kabko", name="DPRD Lain", form="c-hasil-ppwp"
    ).area.add("9101011002")
    assert "DPRD Lain" not in text(client.get(f"/kirim/{TPS}/"))
    assert "DPRD Lain" in text(client.get("/kirim/9101011002001/"))


def test_sending_leads_to_the_receipt(client, world, folder):
    answer = send(client)
    assert answer.status_code == 200
    photo = Photo.objects.get()
    assert (photo.page, photo.station.code, photo.uploader) == (2, TPS, None)
    [(address, status)] = answer.redirect_chain
    assert status == 302
    assert address.startswith("/bukti/")
    assert photo.sha256 in text(answer)
    assert "sudah kami terima" in text(answer)
    assert address in text(answer)
    assert 'content="noindex"' in answer.content.decode()


def test_sending_twice_leads_to_the_same_receipt(client, world, folder):
    assert send(client).redirect_chain == send(client).redirect_chain
    assert Photo.objects.count() == 1


def test_a_page_that_the_sender_does_not_know_is_left_to_the_readers(client, world, folder):
    assert send(client, page="").status_code == 200
    assert Photo.objects.get().page is None


def test_the_receipt_shows_the_public_copy(client, world, folder):
    send(client)
    photo = Photo.objects.get()
    pipeline.inspect(str(photo.pk))
    shown = client.get(f"/bukti/{photo.receipt}/").content.decode()
    assert f'src="/gambar/{photo.sha256}/480.webp"' in shown
    assert 'width="200"' in shown


# --- Refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"content": b"GIF89a"}, 415, "bukan foto yang dapat kami baca"),
        ({"content": encoded(width=200, height=300)[:-400]}, 422, "rusak atau terpotong"),
        ({"content": b""}, 422, "kosong"),
        ({"file": ""}, 400, "Belum ada foto"),
        ({"contest": "dpr"}, 422, "Pemilihan ini tidak ada"),
        ({"page": "9"}, 422, "Halaman ini tidak ada"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_chosen(client, world, folder, said, status, sentence):
    answer = send(client, **{"page": "3"} | said)
    assert answer.status_code == status
    shown = answer.content.decode()
    assert sentence in shown
    assert 'role="alert"' in shown
    if "page" not in said:
        assert re.search(r'value="3"\s+checked', shown)
    assert not Photo.objects.exists()


def test_a_large_body_is_refused_before_the_form_is_looked_at(client, world):
    answer = client.generic(
        "POST", f"/kirim/{TPS}/", CONTENT_TYPE="multipart/form-data; boundary=x", CONTENT_LENGTH=str(100 * 1024 * 1024)
    )
    assert answer.status_code == 413
    assert "Foto terlalu besar (100 MB). Batasnya 20 MB." in text(answer)


@pytest.mark.parametrize("body", [b"", b"--x\r\nContent-Dispos", b"rubbish"])
def test_a_broken_form_is_no_server_error(client, world, body):
    answer = client.generic("POST", f"/kirim/{TPS}/", body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code in (400, 422)


def test_the_storage_being_down_keeps_the_form_and_says_when(client, world, folder, monkeypatch):
    def off(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("uploads.storage.FolderStorage.keep", off)
    answer = send(client, page="3")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "coba lagi sebentar lagi" in text(answer)
    assert re.search(r'value="3"\s+checked', answer.content.decode())


def test_a_form_from_elsewhere_is_refused(world, folder):
    strict = Client(enforce_csrf_checks=True)
    assert send(strict).status_code == 403
    assert not Photo.objects.exists()
    strict.get(f"/kirim/{TPS}/")
    token = strict.cookies["csrftoken"].value
    assert send(strict, csrfmiddlewaretoken=token).status_code == 200
    assert Photo.objects.count() == 1


# --- Receipts -----------------------------------------------------------------------------


def test_a_receipt_is_found_by_typing_it(client, world, folder):
    code = send(client, follow=False)["Location"].split("/")[2]
    answer = client.get("/bukti/", {"kode": code.lower().replace("-", " ")})
    assert answer["Location"] == f"/bukti/{code}/"
    assert client.get("/bukti/", {"kode": "x"}).status_code == 404
    assert "tidak mengenal" in text(client.get("/bukti/0000-0000-0000-0000-0/"))


def test_the_receipts_page_is_not_kept_by_caches_and_sets_no_cookie(client, world, folder):
    address = send(client, follow=False)["Location"]
    answer = Client().get(address)
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


@pytest.mark.parametrize("path", ["/kirim/", f"/kirim/{TPS}/", "/bukti/"])
def test_pages_are_light_and_need_no_script(client, world, path):
    answer = client.get(path)
    assert len(answer.content) < 100_000
    # Modules of our own, which only add to the page, and data for them.
    for script in re.findall(r"<script[^>]*>", answer.content.decode()):
        assert re.search(r'type="module" src="/static/|type="application/json"', script)
    assert " style=" not in answer.content.decode()


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.django_db(transaction=True)
def test_sending_costs_at_most_12_queries(client, folder, signed_in):
    from tests.world import build

    world = build()
    if signed_in:
        client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    send(client, encoded(seed=1, width=200, height=300))
    with CaptureQueriesContext(connection) as queries:
        answer = send(
            client, encoded(seed=2, width=200, height=300, exif=taken_at("2019:04:17 15:40:00")), follow=False
        )
    assert answer.status_code == 302
    assert len(queries) <= 12, "\n".join(query["sql"][:150] for query in queries)
