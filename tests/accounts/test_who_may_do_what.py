"""Every address of the house, with every role and both ways of asking, against one table (TRUST section 6).

An address that is not in the table fails. Where somebody may not, no row of any table changes.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import invitations
from accounts.models import Role, User
from accounts.permissions import ANONYMOUS
from pemantau import pipeline
from tests.transcription.reading import given, photo_of, reads
from tests.world import World
from transcription import reports
from transcription.models import Weeding
from uploads import tickets
from uploads.claims import Claim

ROLES = (ANONYMOUS, *Role.values)

EVERYBODY = frozenset(ROLES)
ACCOUNT = frozenset(Role.values)  # whoever has signed in
READERS = frozenset({Role.VOLUNTEER, Role.ADJUDICATOR})
ADJUDICATORS = frozenset({Role.ADJUDICATOR})
OPERATORS = frozenset({Role.OPERATOR})
INVITERS = READERS | OPERATORS
NOBODY: frozenset[str] = frozenset()
STARTED = "only while signing in or up"  # everybody else is sent away
AS_LOOKING = "the same as GET"  # and changes as little

Access = frozenset[str] | str | None

# address -> who may look (GET), who may act (POST); None: not asked in this way at all.
TABLE: dict[str, tuple[Access, Access]] = {
    # Results, and the way to them
    "aggregation:home": (EVERYBODY, None),
    "aggregation:contest": (EVERYBODY, None),
    "aggregation:region": (EVERYBODY, None),
    "aggregation:disputes": (EVERYBODY, None),
    "aggregation:missing": (EVERYBODY, None),
    "aggregation:missing_table": (EVERYBODY, None),
    "aggregation:station": (EVERYBODY, None),
    "aggregation:photo": (EVERYBODY, None),
    "aggregation:pointer": (EVERYBODY, None),
    "aggregation:contest_pointer": (EVERYBODY, None),
    "aggregation:document": (EVERYBODY, None),
    "aggregation:search": (EVERYBODY, None),
    "aggregation:elections": (EVERYBODY, None),
    "aggregation:questions": (EVERYBODY, None),
    "aggregation:backlog": (EVERYBODY, None),
    **{
        f"aggregation:{name}": (EVERYBODY, None)
        for name in ("region_card", "station_card", "embed", "embedding", "embedding_now")
    },
    "aggregation:official_differences": (EVERYBODY, None),
    "aggregation:official_station": (EVERYBODY, None),
    "aggregation:official_region": (EVERYBODY, None),
    "aggregation:official_feed": (EVERYBODY, None),
    "aggregation-api:official_differences": (EVERYBODY, None),
    "aggregation-api:official_differences_csv": (EVERYBODY, None),
    "aggregation-api:region": (EVERYBODY, None),
    "aggregation-api:station": (EVERYBODY, None),
    "aggregation-api:backlog": (EVERYBODY, None),
    "aggregation-api:questions": (EVERYBODY, None),
    "aggregation:seats": (EVERYBODY, None),
    "aggregation:seats_council": (EVERYBODY, None),
    "aggregation:seats_dapil": (EVERYBODY, None),
    "aggregation-api:seats": (EVERYBODY, None),
    "aggregation-api:seats_dapil": (EVERYBODY, None),
    "aggregation:data": (EVERYBODY, None),
    "aggregation:newest_data": (EVERYBODY, None),
    "aggregation:dump": (EVERYBODY, None),
    "aggregation:contest_data": (EVERYBODY, None),
    "aggregation:data_file": (EVERYBODY, None),
    "aggregation:changes": (EVERYBODY, None),
    "aggregation-api:exports": (EVERYBODY, None),
    "aggregation-api:export": (EVERYBODY, None),
    "aggregation-api:open_stations": (EVERYBODY, None),
    "aggregation-api:open_regions": (EVERYBODY, None),
    "aggregation-api:open_photos": (EVERYBODY, None),
    "aggregation-api:open_readings": (EVERYBODY, None),
    "ledger-api:entries": (EVERYBODY, None),
    "schema": (EVERYBODY, None),
    "api": (EVERYBODY, None),
    "health": (EVERYBODY, None),
    "metrics": (EVERYBODY, None),  # who shows no token is told that there is no such page
    "set_language": (EVERYBODY, EVERYBODY),
    **{
        f"tps-api:{name}": (EVERYBODY, None)
        for name in ("elections", "election", "contests", "contest", "centroids", "region", "stations", "station")
    },
    # Photos; a receipt is for whoever has its code
    "uploads:find": (EVERYBODY, None),
    "uploads:send": (EVERYBODY, EVERYBODY),
    "uploads:short": (EVERYBODY, None),
    "uploads:app": (EVERYBODY, None),
    "uploads:service_worker": (EVERYBODY, None),
    "uploads:manifest": (EVERYBODY, None),
    "uploads-api:station_pages": (EVERYBODY, None),
    "uploads:short_as_typed": (EVERYBODY, None),
    "uploads:qr": (EVERYBODY, None),
    "uploads:poster": (EVERYBODY, None),
    "uploads:village_posters": (EVERYBODY, None),
    "uploads:find_receipt": (EVERYBODY, None),
    "uploads:receipt": (EVERYBODY, None),
    "uploads:check_statement": (EVERYBODY, EVERYBODY),
    "uploads:receipt_qr": (EVERYBODY, None),
    "uploads:statement": (EVERYBODY, None),
    "uploads:withdraw": (None, EVERYBODY),
    "uploads:keys": (EVERYBODY, None),
    "uploads:picture": (EVERYBODY, None),
    "uploads-api:photos": (None, EVERYBODY),
    "uploads-api:receipt": (EVERYBODY, None),
    "uploads-api:tickets": (None, EVERYBODY),
    "uploads-api:ticket": (EVERYBODY, None),
    "uploads-api:finish": (None, EVERYBODY),
    "uploads-api:withdraw": (None, EVERYBODY),
    # Who sent the photo may, whatever their role; none of these did
    "transcription:numbers": (NOBODY, NOBODY),
    "transcription-api:numbers": (None, NOBODY),
    # Reading
    "transcription:start": (READERS, READERS),
    "transcription:read": (READERS, READERS),
    "transcription:picture": (READERS, None),
    "transcription:give_back": (None, READERS),
    "transcription:learn": (READERS, None),
    "transcription:practice": (READERS, None),
    "transcription:practice_form": (READERS, READERS),
    "transcription-api:tasks": (READERS, READERS),
    "transcription-api:task": (READERS, None),
    "transcription-api:entry": (None, READERS),
    "transcription-api:check": (None, READERS),
    "transcription-api:renew": (None, READERS),
    "transcription-api:return": (None, READERS),
    # Adjudication
    "transcription:cases": (ADJUDICATORS, None),
    "transcription:case": (ADJUDICATORS, ADJUDICATORS),
    "transcription-api:cases": (ADJUDICATORS, None),
    "transcription-api:case": (ADJUDICATORS, None),
    "transcription-api:first_look": (ADJUDICATORS, ADJUDICATORS),
    "transcription-api:ruling": (None, ADJUDICATORS),
    # Reports of the public
    "transcription:report": (EVERYBODY, EVERYBODY),
    "transcription:reported": (EVERYBODY, None),
    "aggregation:report_groups": (ADJUDICATORS, None),
    "aggregation:report_group": (ADJUDICATORS, ADJUDICATORS),
    "aggregation:exclusions": (ADJUDICATORS | OPERATORS, ADJUDICATORS | OPERATORS),
    "aggregation:votes": (ADJUDICATORS, ADJUDICATORS),
    # All photos of one sender
    "aggregation:same_sender": (None, ADJUDICATORS),
    "aggregation:weedings": (ADJUDICATORS, None),
    "aggregation:weeding": (ADJUDICATORS, ADJUDICATORS),
    # Operation
    "overview": (OPERATORS, None),
    "surge": (OPERATORS, OPERATORS),
    "bars": (OPERATORS, OPERATORS),
    "recall": (OPERATORS, OPERATORS),
    "alarm": (OPERATORS, OPERATORS),
    "switches": (OPERATORS, OPERATORS),
    "people": (OPERATORS, None),
    "grant": (None, OPERATORS),
    "reset_factor": (None, OPERATORS),
    "announce": (OPERATORS, OPERATORS),
    "invitation_tree": (OPERATORS, OPERATORS),
    "withdraw": (None, OPERATORS),
    # One's own account
    "accounts:me": (ACCOUNT, None),
    "second_factor": (ACCOUNT, None),
    "leave": (ACCOUNT, ACCOUNT),
    "invitation": (EVERYBODY, ACCOUNT),
    "invitations": (INVITERS, INVITERS),
    "revoke_invitation": (None, INVITERS),
    "board": (EVERYBODY, None),
    "board_name": (READERS, READERS),
    "accounts:terms": (EVERYBODY, None),
    "accounts:accept_terms": (None, ACCOUNT),
    "account_login": (EVERYBODY, EVERYBODY),
    "account_logout": (EVERYBODY, EVERYBODY),
    "account_inactive": (EVERYBODY, None),
    "account_signup": (EVERYBODY, EVERYBODY),
    "account_request_login_code": (EVERYBODY, EVERYBODY),
    "account_confirm_login_code": (STARTED, STARTED),
    "account_email_verification_sent": (STARTED, STARTED),
    "account_reset_password": (EVERYBODY, EVERYBODY),
    "account_confirm_password_reset_code": (STARTED, STARTED),
    "account_complete_password_reset": (STARTED, STARTED),
    "account_password_reset_completed": (EVERYBODY, None),
    "account_reauthenticate": (ACCOUNT, ACCOUNT),
    "account_email": (ACCOUNT, ACCOUNT),
    "account_change_password": (ACCOUNT, ACCOUNT),
    "account_set_password": (ACCOUNT, ACCOUNT),
    "mfa_index": (ACCOUNT, None),
    "mfa_authenticate": (STARTED, STARTED),
    "mfa_login_webauthn": (EVERYBODY, EVERYBODY),
    "mfa_reauthenticate": (ACCOUNT, ACCOUNT),
    "mfa_activate_totp": (ACCOUNT, ACCOUNT),
    "mfa_deactivate_totp": (ACCOUNT, ACCOUNT),
    "mfa_view_recovery_codes": (ACCOUNT, None),
    "mfa_generate_recovery_codes": (ACCOUNT, ACCOUNT),
    "mfa_download_recovery_codes": (ACCOUNT, AS_LOOKING),
    "mfa_list_webauthn": (ACCOUNT, None),
    "mfa_add_webauthn": (ACCOUNT, ACCOUNT),
    "mfa_reauthenticate_webauthn": (ACCOUNT, ACCOUNT),
    "mfa_remove_webauthn": (ACCOUNT, ACCOUNT),
    "mfa_edit_webauthn": (ACCOUNT, ACCOUNT),
    # The admin site: operators, and they change reference data only
    "admin:login": (OPERATORS, OPERATORS),
    "admin:logout": (None, EVERYBODY),
    "admin:index": (OPERATORS, AS_LOOKING),
    "admin:autocomplete": (NOBODY, None),  # without saying of which field
    "admin:jsi18n": (OPERATORS, None),
    "admin:password_change": (OPERATORS, OPERATORS),
    "admin:password_change_done": (OPERATORS, None),
    "admin:app_list": (OPERATORS, AS_LOOKING),
    "admin:view_on_site": (OPERATORS, AS_LOOKING),
    "admin:<path:object_id>/": (OPERATORS, AS_LOOKING),
    "admin:(?P<url>.*)$": (OPERATORS, AS_LOOKING),
}

# In the admin site it is asked who may, of a row that is nowhere: whether a running election's may be changed is
# another question (tests/tps).
NO_SUCH_ROW = 2**31 - 1
# Django's admin has two addresses without a name.
UNNAMED = {"admin:<path:object_id>/": "/admin/accounts/user/1/", "admin:(?P<url>.*)$": "/admin/nowhere/"}

# Models in the admin site, and whether operators may change them there.
LOOK_ONLY = {
    "accounts.user",
    "accounts.roleproposal",
    "uploads.photo",
    "transcription.decision",
    "aggregation.result",
    "ledger.event",
    "tps.region",
    "tps.pollingstation",
}
REFERENCE_DATA = {"tps.election", "tps.contest", "tps.option"}


def addresses() -> Iterator[str]:
    """The names of all addresses in the URLconf."""

    def walk(resolver, namespace: str = "") -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""))
            else:
                yield namespace + (pattern.name or str(pattern.pattern))

    return walk(get_resolver())


def expected(name: str) -> tuple[Access, Access]:
    """Who may look and who may act at an address. A KeyError: it is missing in the table."""
    for model in LOOK_ONLY | REFERENCE_DATA:
        if name.startswith(f"admin:{model.replace('.', '_')}_"):
            what = name.rsplit("_", 1)[1]
            if what in {"changelist", "change", "history"}:
                return OPERATORS, OPERATORS if what != "change" or model in REFERENCE_DATA else NOBODY
            return (OPERATORS, OPERATORS) if model in REFERENCE_DATA else (NOBODY, NOBODY)
    return TABLE[name]


PATTERNS = sorted(set(addresses()))


def test_the_table_knows_every_address_and_no_other():
    for name in PATTERNS:
        expected(name)
    assert set(TABLE) - set(PATTERNS) == set()


def test_the_admin_site_knows_these_models_and_no_other():
    assert {model._meta.label_lower for model in admin.site._registry} == LOOK_ONLY | REFERENCE_DATA


# --- Every role, every address ------------------------------------------------------------------


@pytest.fixture
def arguments(world: World, settings, tmp_path) -> dict[str, object]:
    """Something real for every argument of an address: a photo being read, one that was, people, TPS."""
    for role in Role.values:
        world.person(f"some-{role}", role)
    other = photo_of(world, "9101011001002")
    reads(world, "Budi", other)
    photo = photo_of(world)
    lease = given(world, "some-volunteer", photo)
    link = invitations.make(world.person("some-volunteer"), 5, "nonce")
    claim = Claim(world.station, world.contest, 2)
    elsewhere = Claim(world.stations["9101011002002"], world.contest, None)
    report = pipeline.send_report(reports.Said(elsewhere, "official", world.device()))
    weeding = Weeding.objects.create(
        sender_device=other.device, election=world.election, proposed_by=world.person("Hakim", Role.ADJUDICATOR)
    )
    return {
        "photo": photo.pk,
        "photo_id": photo.pk,
        "lease": lease.pk,
        "lease_id": lease.pk,
        "election": "contoh",
        "contest": "ppwp",
        "region": "9101",
        "kind": "dpr",
        "report": report.pk,
        "group": report.group_id,
        "weeding": weeding.pk,
        "station": world.station.code,
        "code": world.station.code,
        "receipt": photo.receipt,
        "ticket": tickets.take(photo.device, claim, sha256="0" * 64, size=9, media_type="image/jpeg")[0].pk,
        "log": "contoh",
        "token": link.token,
        "invitation": link.invitation.pk,
        "sha256": photo.sha256,
        "side": 480,
        "person": world.person("Budi").pk,
        "number": 1,
        "version": "1",
        "name": "stations.csv",
        "document": "2-0123456789abcdef",
        "pk": NO_SUCH_ROW,
        "object_id": NO_SUCH_ROW,
        "app_label": "accounts",
        "content_type_id": 1,
    }


def address(name: str, arguments: dict[str, object]) -> str:
    if name in UNNAMED:
        return UNNAMED[name]
    return reverse(name, kwargs={key: arguments[key] for key in _argument_names(name)})


def _argument_names(name: str) -> list[str]:
    resolver = get_resolver()
    *namespaces, last = name.split(":")
    for namespace in namespaces:
        _, resolver = resolver.namespace_dict[namespace]
    possibilities, *_ = resolver.reverse_dict.getlist(last)[0]
    return possibilities[0][1]


def rows() -> Counter:
    """How many rows each table has; sessions are nobody's evidence."""
    tables = sorted({model._meta.db_table for model in apps.get_models()} - {"django_session"})
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
        return Counter(dict(cursor.fetchall()))


def outcome(client: Client, method: str, path: str) -> str:
    """`may`, `may not`, or `not asked so`, as a person would find out."""
    response = getattr(client, method)(path, follow=False)
    while response.status_code in (301, 302) and response["Location"].startswith("/admin/login/"):
        response = client.get(response["Location"])
    if response.status_code == 405 or (path == "/admin/logout/" and method == "get"):
        return "not asked so"
    signing_in = response.status_code == 302 and response["Location"].startswith("/akun/login/?next=")
    assert response.status_code < 500, f"{method} {path}: {response.status_code}"
    return "may not" if signing_in or response.status_code in (401, 403) else "may"


@pytest.mark.slow
def test_only_they_may_and_nothing_changes_where_they_may_not(client, world, arguments):
    signed_in = {ANONYMOUS: {}} | {role: cookies_of(world.person(f"some-{role}")) for role in Role.values}
    before = rows()
    wrong = []
    for name in PATTERNS:
        path = address(name, arguments)
        look, act = expected(name)
        for method, allowed in (("get", look), ("post", look if act == AS_LOOKING else act)):
            for role in ROLES:
                client.cookies.clear()
                client.cookies.update(signed_in[role])
                with transaction.atomic():
                    found = outcome(client, method, path)
                    after = rows()
                    transaction.set_rollback(True)
                may = "not asked so" if allowed is None else "may" if role in allowed else "may not"
                if found != may and allowed != STARTED and not (allowed is None and found == "may not"):
                    wrong.append(f"{role} {method}s {path} ({name}): {found}, not {may}")
                if after != before and (found != "may" or allowed == STARTED or act == AS_LOOKING):
                    wrong.append(f"{role} {method}s {path} ({name}) and changes {(after - before) + (before - after)}")
    assert wrong == []


def cookies_of(person: User) -> SimpleCookie:
    client = Client()
    client.force_login(person)
    return client.cookies


@pytest.mark.django_db
def test_somebody_suspended_is_nobody(world, arguments):
    for role in Role.values:
        person = world.person(f"some-{role}")
        client = Client()
        client.force_login(person)
        User.objects.filter(pk=person.pk).update(is_active=False)
        for name in ("accounts:me", "people", "transcription-api:cases", "admin:index"):
            assert outcome(client, "get", address(name, arguments)) == "may not"
        assert outcome(client, "post", reverse("transcription-api:tasks")) == "may not"


@pytest.mark.django_db
def test_an_unknown_uuid_tells_nothing_to_those_who_may_not(world):
    client = Client()
    client.force_login(world.person("some-citizen", Role.CITIZEN))
    assert client.get(f"/api/v1/tasks/{uuid.uuid4()}/").status_code == 403
    assert client.get(f"/api/v1/cases/{uuid.uuid4()}/").status_code == 403
