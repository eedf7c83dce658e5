"""People who read photos, for tests: short words over the real doors of the app."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.test import Client

from accounts import commitments, devices
from accounts.models import Device, Role, User
from ledger import entries as ledger
from pemantau import pipeline
from tests.world import World
from transcription import cases, entries, first_looks, queue, reports, rulings
from transcription.models import Decision, Entry, FirstLook, Lease, Ruling, Task
from uploads import receipts
from uploads.models import Photo

VOTES = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 31}
SUMS = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 225}
BROKEN_SUMS = {"suara_sah": 220, "suara_tidak_sah": 5, "suara_total": 252}


def photo_of(
    world: World,
    station: str = "9101011001001",
    *,
    page: int | None = 2,
    uploader: User | None = None,
    device: Device | None = None,
    address_block: str = "",
    opened: bool = True,
) -> Photo:
    """A photo as intake would leave it, open to readers."""
    who = device or world.device()
    photo = Photo.objects.create(
        station=world.stations[station],
        contest=world.contest,
        page=page,
        sha256=hashlib.sha256(secrets.token_bytes(8)).hexdigest(),
        size=1000,
        media_type="image/jpeg",
        width=960,
        height=1280,
        device=who,
        uploader=uploader,
        address_block=address_block,
        receipt=receipts.new_code(),
        step=Photo.Step.READ,
    )
    ledger.append(
        "contoh", "photo", id=str(photo.pk), seal="sha256:" + photo.sha256, size=1000, type="image/jpeg",
        tps_claim=station, contest="ppwp", who=commitments.of(who), at="2029-02-14T08:11:09Z", via="upload",
    )  # fmt: skip
    if opened:
        queue.open_photo(photo)
    return photo


def photo_in_log(world: World, station: str) -> Photo:
    """The same with real commits, where row and entry must come together."""
    with transaction.atomic():
        return photo_of(world, station)


def device_of(world: World, person: User) -> Device:
    """Everybody has a device of their own, always the same."""
    owned = world.__dict__.setdefault("owned", {})
    if person.pk not in owned:
        owned[person.pk] = world.device()
    return owned[person.pk]


def takes(world: World, name: str, **fields) -> Lease | None:
    person = world.person(name, fields.pop("role", Role.VOLUNTEER))
    device = fields.pop("device", None) or device_of(world, person)
    return queue.take(person, device, fields.pop("address_block", ""))


def reads(world: World, name: str, photo: Photo, page: int = 2, problem: str = "", **numbers) -> Entry:
    """This person is given this photo and sends what they read; the consensus is asked at once."""
    lease = given(world, name, photo)
    reading = entries.Reading(None, None, problem) if problem else entries.Reading(page, numbers or dict(VOTES))
    return sends(lease, reading)


def given(world: World, name: str, photo: Photo) -> Lease:
    """A lease on just this photo, as the queue gives it when its turn has come."""
    others = Task.objects.exclude(pk=photo.pk)
    ranks = dict(others.values_list("pk", "wants"))
    others.update(wants=0)
    try:
        lease = takes(world, name)
    finally:
        for pk, wants in ranks.items():
            Task.objects.filter(pk=pk).update(wants=wants)
    assert lease is not None, f"{name} is not given the photo"
    assert lease.task_id == photo.pk
    return lease


def sends(lease: Lease, reading: entries.Reading) -> Entry:
    entry = pipeline.send_entry(entries.Sent(lease.pk, lease.account, lease.device_id, lease.address_block, reading))
    pipeline.decide(str(lease.task_id))
    return entry


def looks(world: World, name: str, photo: Photo, numbers: Mapping[str, object] = VOTES, tps: str = "") -> FirstLook:
    """This adjudicator looks for themselves, before they see what others read; they see these numbers."""
    adjudicator = world.person(name, Role.ADJUDICATOR)
    asked = cases.ask_first(photo.pk, adjudicator)
    seen = {field.key: numbers.get(field.key, 0) for field in asked.fields}
    return first_looks.keep(asked, adjudicator, entries.Reading(None, seen, tps=tps or entries.UNREADABLE))


def rules(world: World, name: str, photo: Photo, verdict: str, reason: str = "as_written", **more) -> Ruling:
    """An adjudicator rules. To have something read again somebody else asked before, who brought it before them."""
    adjudicator = world.person(name, Role.ADJUDICATOR)
    if verdict == Ruling.Verdict.REOPEN:
        reports.open_case(photo.pk)
    if verdict == Ruling.Verdict.ACCEPT:
        looks(world, name, photo, more.get("numbers") or VOTES)
    ruling = pipeline.send_ruling(rulings.Sent(photo.pk, adjudicator, verdict, reason, **more))
    pipeline.decide(str(photo.pk))
    return ruling


def rejects(world: World, photo: Photo, reason: str, by: Sequence[str] = ("Vera", "Wayan")) -> None:
    """Two adjudicators throw the photo away, and the results of its TPS say so."""
    for name in by:
        rules(world, name, photo, "reject", reason)
    pipeline.record(str(photo.pk))


def decision_of(photo: Photo) -> Decision | None:
    return Decision.objects.filter(photo=photo).order_by("-version").first()


def task_of(photo: Photo) -> Task:
    return Task.objects.get(pk=photo.pk)


def browser_of(world: World, name: str, role: str = Role.VOLUNTEER) -> Client:
    """A signed-in browser with a device cookie of its own."""
    person = world.person(name, role)
    client = Client()
    client.force_login(person)
    client.cookies[devices.COOKIE] = devices._signer.sign(str(device_of(world, person).pk))
    return client


def some_uuid() -> uuid.UUID:
    return uuid.uuid4()
