"""The operator's pages."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import Role, RoleProposal, User
from aggregation import backlog_document
from ledger.models import Event
from pemantau import overview, pipeline
from tests.transcription.reading import photo_of, reads
from tests.uploads.test_pages import text
from tests.world import World
from transcription import reports, weedings
from uploads.claims import Claim


@pytest.fixture
def oka(world: World, client) -> User:
    oka = world.person("Oka", Role.OPERATOR)
    client.force_login(oka)
    return oka


def say(client, person: User, role: str):
    return client.post(reverse("grant", args=[person.pk]), {"role": role}, follow=True)


def test_an_empty_election_has_an_overview(client, oka, django_assert_max_num_queries):
    with django_assert_max_num_queries(28):
        response = client.get(reverse("overview"))
    assert response.status_code == 200
    assert "Pemilu Contoh" in response.content.decode()


def test_without_an_election_the_page_says_so(client, oka, world):
    world.election.is_current = False
    world.election.save()
    response = client.get(reverse("overview"))
    assert response.status_code == 404
    assert "Belum ada pemilu" in response.content.decode()


def test_the_backlog_leads_down_to_a_kecamatan(client, oka, world, django_assert_num_queries):
    photo_of(world)
    page = client.get(reverse("overview")).content.decode()
    assert 'href="?wilayah=91#antrean"' in page
    assert "Jam demi jam" in page
    with django_assert_num_queries(6):  # session, person, election, the backlog's three; the rest is remembered
        page = client.get(reverse("overview"), {"wilayah": "9101"}).content.decode()
    assert 'href="?wilayah=910101#antrean"' in page
    assert 'href="?wilayah=nasional#antrean"' in page
    page = client.get(reverse("overview"), {"wilayah": "910101"}).content.decode()
    assert "Desa 1" in page
    assert '<h2 id="antrean">Antrean baca: Anggrek</h2>' in page, "the crumbs of a phone leave out the last"
    assert "wilayah=9101011001" not in page
    assert client.get(reverse("overview"), {"wilayah": "77"}).status_code == 404


@pytest.mark.parametrize("code", ["nasional", "9101"])
def test_who_looks_again_soon_has_the_backlog_counted_once(client, oka, world, monkeypatch, code):
    client.get(reverse("overview"), {"wilayah": code})
    monkeypatch.setattr(backlog_document, "build", None)
    assert client.get(reverse("overview"), {"wilayah": code}).status_code == 200


def test_what_waits_for_an_answer_is_counted(client, oka, world, django_assert_num_queries):
    photo = photo_of(world, uploader=world.person("Cici", Role.CITIZEN))
    shown = text(client.get(reverse("overview")))
    assert "Siap diambil pembaca 1 foto; 0 sedang dibaca Menunggu verifikator 0 foto Sengketa" in shown
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="not_a_form")
    for code in ("9101011001001", "9101011001002"):
        pipeline.send_report(reports.Said(Claim(world.stations[code], world.contest, None), "number", world.device()))
    hakim = world.person("Hakim", Role.ADJUDICATOR)
    begun = weedings.begin(hakim, photo.pk)
    cache.delete_many(["operations:contoh", "operations:contoh:made"])  # some seconds pass
    assert "usul tentang foto" not in text(client.get(reverse("overview"))), "nobody has proposed it yet"
    weedings.propose(hakim, begun.pk, "not_a_form", world.device(), "")
    roles.grant(oka, world.person("Sari"), Role.ADJUDICATOR, "contoh")
    with django_assert_num_queries(10):
        counted = overview.of("contoh")
    assert (counted.reports, counted.weedings, counted.proposals) == (2, 1, 1)
    cache.delete_many(["operations:contoh", "operations:contoh:made"])
    said = "Menunggu verifikator 1 foto; laporan tentang 2 TPS; 1 usul tentang foto satu pengirim"
    assert said in text(client.get(reverse("overview")))


def test_an_operator_finds_a_citizen_and_makes_them_a_volunteer(client, oka, world):
    sari = world.person("Sari", Role.CITIZEN)
    world.person("Budi", Role.CITIZEN)
    page = client.get(reverse("people"), {"q": "SARI"}).content.decode()
    assert "sari@contoh.test" in page
    assert "budi@contoh.test" not in page
    response = say(client, sari, Role.VOLUNTEER)
    assert "Peran sudah berlaku." in response.content.decode()
    assert User.objects.get(pk=sari.pk).role == Role.VOLUNTEER
    assert Event.objects.filter(kind="role", log="contoh").count() == 1


def test_two_operators_make_an_adjudicator(client, oka, world):
    sari = world.person("Sari", Role.CITIZEN)
    page = say(client, sari, Role.ADJUDICATOR).content.decode()
    assert "setelah pengelola lain menyetujuinya" in page
    assert "Setujui" not in page
    client = Client()  # another browser
    client.force_login(world.person("Nur", Role.OPERATOR), "django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("people")).content.decode()
    assert page.index("sari@contoh.test") < page.index("nur@contoh.test")  # what waits stands first
    assert "Setujui" in page
    say(client, sari, Role.ADJUDICATOR)
    assert User.objects.get(pk=sari.pk).role == Role.ADJUDICATOR


def test_a_proposal_is_taken_back(client, oka, world):
    sari = world.person("Sari", Role.CITIZEN)
    say(client, sari, Role.ADJUDICATOR)
    client.post(reverse("withdraw", args=[sari.pk]))
    assert not RoleProposal.objects.filter(end="").exists()


@pytest.mark.parametrize(("role", "status"), [("king", 422), ("", 422)])
def test_an_unknown_role_is_refused(client, oka, world, role, status):
    assert say(client, world.person("Sari", Role.CITIZEN), role).status_code == status


def test_an_unknown_person_is_refused(client, oka):
    assert client.post(reverse("grant", args=[10**12]), {"role": "volunteer"}).status_code == 404


def test_ones_own_role_is_refused(client, oka):
    assert say(client, oka, Role.VOLUNTEER).status_code == 403


def test_the_list_takes_two_queries_however_many_people(client, oka, world, django_assert_max_num_queries):
    User.objects.bulk_create(User(email=f"orang{n}@contoh.test") for n in range(120))
    with django_assert_max_num_queries(5):  # session, person, count, page, proposals
        page = client.get(reverse("people"), {"hal": "2"}).content.decode()
    assert page.count("person__who") == 50
    assert client.get(reverse("people"), {"hal": "x", "q": "%", "peran": "king"}).status_code == 200


# --- The admin site ---------------------------------------------------------------------------


def test_operators_look_at_people_there_and_change_nothing(client, oka, world):
    sari = world.person("Sari")
    page = client.get(reverse("admin:accounts_user_change", args=[sari.pk])).content.decode()
    assert "sari@contoh.test" in page
    assert 'name="role"' not in page
    assert 'name="_save"' not in page
    response = client.post(reverse("admin:accounts_user_change", args=[sari.pk]), {"role": "operator"})
    assert response.status_code == 403
    assert User.objects.get(pk=sari.pk).role == Role.VOLUNTEER


def test_no_secret_of_a_photo_or_person_is_in_the_admin_site(rf, oka):
    from django.contrib import admin

    request = rf.get("/")
    request.user = oka
    shown = {
        f"{model._meta.label}.{field}"
        for model, site in admin.site._registry.items()
        for field in [*site.get_list_display(request), *site.get_fields(request, model())]
    }
    secret = {"password", "salt", "receipt", "device", "uploader", "address_block", "key", "secret", "session_key"}
    assert not {name for name in shown if name.rsplit(".", 1)[1] in secret}
    unseen = {"Entry", "Lease", "Ruling", "SentKey", "Ticket", "Repeat", "Device", "Sighting", "Session"}
    assert not unseen & {model.__name__ for model in admin.site._registry}


# --- Numbers longer than any key --------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said", "status"),
    [
        ("/kelola/dahulukan/", {"end": ""}, 404),
        ("/kelola/dahulukan/", {"sample": "ppwp", "many": "", "digits": "2"}, 422),
        ("/kelola/jeda/", {"lift": "", "reason": "mistake"}, 404),
        ("/kelola/undangan/", {"revoke": ""}, 404),
        ("/kelola/pengumuman/", {"end": ""}, 404),
        ("/putusan/pengecualian/", {"tarik": ""}, 302),
        ("/lapor/contoh/ppwp/9101011001001/", {"halaman": "", "alasan": "number"}, 422),
    ],
)
@pytest.mark.parametrize("digits", ["9" * 18, "9" * 5000, "２"])
def test_a_number_that_is_nobodys_is_told_so(client, oka, world, address, said, status, digits):
    assert client.post(address, {name: text or digits for name, text in said.items()}).status_code == status


@pytest.mark.parametrize("page", ["0", "9", "0000001" + "9" * 5000])
def test_a_page_that_is_not_there_is_the_first(client, world, page):
    assert client.get("/hasil/contoh/ppwp/nasional/", {"hal": page}).status_code == 200
