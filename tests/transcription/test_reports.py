"""What the public reports: once a device, grouped by TPS, answered by somebody who has nothing to do with it."""

import json
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from accounts import devices, independence
from accounts.models import Device, Role, User
from accounts.permissions import NotAllowed
from aggregation import audit, exclusions
from ledger.models import Event
from pemantau import batches, pipeline
from tests.aggregation.test_audit import falsify
from tests.transcription.reading import (
    VOTES,
    browser_of,
    decision_of,
    device_of,
    given,
    photo_of,
    reads,
    rules,
    takes,
    task_of,
)
from tests.uploads.test_pages import text
from tps.models import PollingStation
from transcription import consensus, queue, reports, rulings
from transcription.models import Lease, Report, ReportGroup, Task
from uploads.claims import Claim

pytestmark = pytest.mark.django_db

ADDRESS = "/lapor/contoh/ppwp/9101011001001/"


def says(world, reason="number", device=None, station="9101011001001", **more) -> Report:
    claim = Claim(world.stations[station], world.contest, more.pop("page", None))
    return pipeline.send_report(reports.Said(claim, reason, device or world.device(), **more))


def decided(world, station="9101011001001", by=("Sari", "Budi")):
    photo = photo_of(world, station)
    for name in by:
        reads(world, name, photo)
    pipeline.record(str(photo.pk))
    return photo


def answers(world, name, group, outcome="nothing_wrong", photos=(), device=None) -> ReportGroup:
    by = world.person(name, Role.ADJUDICATOR)
    return pipeline.answer_reports(by, group.pk, outcome, [p.pk for p in photos], device and device.pk, "")


def told(kind) -> list[dict]:
    return [json.loads(bytes(event.body)) for event in Event.objects.filter(kind=kind).order_by("pk")]


# --- Reporting ----------------------------------------------------------------------------------


def test_anybody_reports_without_an_account_and_is_told_what_comes_of_it(world):
    photo = decided(world)
    client = Client()
    page = text(client.get(f"{ADDRESS}?foto={photo.pk}"))
    assert "Laporkan yang keliru" in page
    answer = client.post(f"{ADDRESS}?foto={photo.pk}", {"alasan": "number", "keterangan": " Paslon 1 mestinya 110 "})
    report = Report.objects.get()
    assert answer["Location"] == f"/lapor/{report.pk}/"
    assert (report.photo, report.text, report.account) == (photo, "Paslon 1 mestinya 110", None)
    waiting = text(client.get(answer["Location"]))
    assert "Laporan tersimpan" in waiting
    assert "mestinya" not in waiting
    answers(world, "Adi", report.group)
    assert "tidak ada yang keliru" in text(client.get(answer["Location"]))


def test_the_log_has_the_reason_and_not_what_was_written(world):
    report = says(world, "other", text="Telepon Pak Budi 0812 3456", page=2)
    (entry,) = told("report")
    assert (entry["reason"], entry["tps"], entry["page"]) == ("other", "9101011001001", 2)
    assert "Budi" not in json.dumps(entry)
    answers(world, "Adi", report.group)
    assert told("answer")[0]["state"] == "nothing_wrong"


@pytest.mark.parametrize(
    "said",
    [
        {"alasan": "", "keterangan": "apa saja"},
        {"alasan": "lain lagi"},
        {"alasan": "other", "keterangan": "  "},
        {"alasan": "number", "keterangan": "x" * 501},
        {"alasan": "reread", "halaman": "77"},
    ],
)
def test_what_is_not_on_the_list_is_refused_and_changes_nothing(world, said):
    answer = Client().post(ADDRESS, said)
    assert answer.status_code == 422
    assert "Periksa lagi" in text(answer)
    assert not Report.objects.exists()
    assert not ReportGroup.objects.exists()


def test_a_photo_of_another_tps_is_not_one_of_this(world):
    elsewhere = photo_of(world, "9101011002001")
    with pytest.raises(reports.WrongReport):
        says(world, photo_id=elsewhere.pk)
    with pytest.raises(reports.WrongReport):
        says(world, photo_id=uuid4())


def test_a_device_says_a_thing_once_and_that_costs_it_nothing(world, settings):
    settings.REPORTS_PER_DEVICE_AND_DAY = "2/d"
    device = world.device()
    first = says(world, device=device)
    for _ in range(3):
        assert says(world, device=device, text="lagi") == first
    says(world, "altered", device)
    with pytest.raises(reports.TooManyReports) as refused:
        says(world, "official", device)
    assert refused.value.retry_after > 0
    assert Report.objects.count() == 2
    says(world, "official")  # others may


def test_one_address_has_a_limit_of_its_own(world, settings):
    settings.REPORTS_PER_IPV4 = "2/10m"
    for _ in range(2):
        says(world, address="36.72.1.2")
    with pytest.raises(reports.TooManyReports):
        says(world, address="36.72.1.2")
    says(world, address="36.72.1.3")


def test_after_an_answer_a_new_report_opens_a_new_group(world):
    device = world.device()
    first = says(world, device=device)
    answers(world, "Adi", first.group)
    second = says(world, device=device)
    assert second.group != first.group
    assert [group.outcome for group in ReportGroup.objects.order_by("opened_at")] == ["nothing_wrong", ""]


# --- What adjudicators see ----------------------------------------------------------------------


def test_those_of_most_address_blocks_come_first_and_one_devices_flood_does_not(world):
    one = world.device()
    for reason in ("number", "other_tps", "altered", "official"):
        flood = says(world, reason, one, address_block="a" * 32)
    many = [says(world, "altered", station="9101011001002", address_block=c * 32) for c in "bc"]
    adi = world.person("Adi", Role.ADJUDICATOR)
    listed = list(reports.waiting_for(adi))
    assert [group.pk for group in listed] == [many[0].group_id, flood.group_id]
    assert [(g.blocks, g.devices, g.many) for g in listed] == [(2, 2, 2), (1, 1, 4)]


def test_17_000_reports_of_300_tps_are_300_rows_and_few_queries(world, django_assert_num_queries):
    village = world.station.region
    stations = PollingStation.objects.bulk_create(
        PollingStation(election=world.election, region=village, number=n, code=f"{village.code}{n:03d}")
        for n in range(100, 400)
    )
    groups = ReportGroup.objects.bulk_create(ReportGroup(station=station) for station in stations)
    senders = Device.objects.bulk_create(Device() for _ in range(17_000))
    Report.objects.bulk_create(
        Report(group=groups[n % 300], contest=world.contest, reason="altered", device=device)
        for n, device in enumerate(senders)
    )
    browser = browser_of(world, "Adi", Role.ADJUDICATOR)
    # Session, account; how many, which, and why.
    with django_assert_num_queries(5):
        page = browser.get("/putusan/laporan/")
    assert page.context["listed"].paginator.count == 300
    assert text(page).count("foto diduga diubah (57)") + text(page).count("foto diduga diubah (56)") == 50
    with django_assert_num_queries(5):
        browser.get("/putusan/laporan/?hal=6")


def test_a_group_shows_photos_numbers_reasons_and_texts_and_nothing_of_who(world, django_assert_num_queries):
    photo = decided(world)
    for number in range(25):
        report = says(world, "number", text=f"keterangan-{number:02d}", photo_id=photo.pk)
    browser = browser_of(world, "Adi", Role.ADJUDICATOR)
    path = f"/putusan/laporan/{report.group_id}/"
    with django_assert_num_queries(15):
        page = browser.get(path)
    html = page.content.decode()
    assert "Angka tidak sama dengan fotonya: 25" in text(page)
    assert str(photo.pk) in html
    assert sum(f"keterangan-{n:02d}" in html for n in range(25)) == 20
    assert sum(f"keterangan-{n:02d}" in browser.get(f"{path}?hal=2").content.decode() for n in range(25)) == 5
    assert not any(str(device.pk) in html for device in Device.objects.all())


def test_the_photos_of_a_tps_are_found_by_index(world):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # few rows: else nothing is ever looked up
    plan = reports.photos_of(world.stations["9101011001001"].pk).explain()
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    ("said", "spoken_of"),
    [
        ({"page": None}, {"votes", "again", "sums"}),
        ({"page": 2}, {"votes", "again"}),
        ({"page": 3}, {"sums"}),
        ({"photo": "votes"}, {"votes", "again"}),
        ({"photo": "sums"}, {"sums"}),
    ],
)
def test_only_what_somebody_spoke_of_is_read_again(world, said, spoken_of):
    photos = {"votes": decided(world), "again": decided(world, by=("Citra", "Dewi"))}
    photos["sums"] = photo_of(world, page=3)
    for name in ("Eka", "Fitri"):
        reads(world, name, photos["sums"], 3, suara_sah=220, suara_tidak_sah=5, suara_total=225)
    named = {"photo_id": photos[said["photo"]].pk} if "photo" in said else said
    group = says(world, **named).group
    assert set(reports.spoken_of(group)) == {photos[name] for name in spoken_of}
    for name in photos.keys() - spoken_of:
        with pytest.raises(reports.WrongAnswer):
            answers(world, "Adi", group, "reread", [photos[name]])
    answers(world, "Adi", group, "reread", [photos[name] for name in spoken_of])


@pytest.mark.parametrize("by", ["account", "device", "block of addresses"])
@pytest.mark.parametrize("then", ["answered", "ruled on", "nothing yet"])
@pytest.mark.parametrize("before", ["", "gave it back", "let its time run out"])
def test_whoever_reports_a_tps_is_given_none_of_its_photos_to_read(world, by, then, before):
    """Else two who report and read would choose what they read."""
    photo = photo_of(world)
    xena, block = world.person("Xena"), "b" * 32 if by == "block of addresses" else ""
    lease = given(world, "Xena", photo) if before else None
    Lease.objects.filter(pk__in=[lease.pk] if lease else []).update(address_block=block)
    if before == "gave it back":
        queue.give_back(lease.pk, xena)
    used = device_of(world, xena) if by == "device" else world.device()
    account = xena if by == "account" else None
    report = says(world, "reread", device=used, account=account, address_block=block)
    if before == "let its time run out":
        Lease.objects.filter(pk=lease.pk).update(expires_at="2020-01-01T00:00:00Z")
        queue.take_back_expired_leases()
    if then != "nothing yet":
        for name in ("Sari", "Budi"):
            reads(world, name, photo)
    if then == "answered":
        answers(world, "Adi", report.group, "reread", [photo])
        pipeline.decide(str(photo.pk))
    elif then == "ruled on":
        rules(world, "Adi", photo, "reopen", "look_again")
    assert takes(world, "Xena", address_block=block) is None
    assert takes(world, "Yani").task_id == photo.pk


@pytest.mark.parametrize("by", ["account", "device", "block of addresses"])
@pytest.mark.parametrize("how", ["sent afterwards", "moved there afterwards"])
def test_nor_what_comes_to_the_tps_later(world, by, how):
    xena, block = world.person("Xena"), "b" * 32 if by == "block of addresses" else ""
    used = device_of(world, xena) if by == "device" else world.device()
    says(world, "number", device=used, account=xena if by == "account" else None, address_block=block)
    if how == "sent afterwards":
        photo = photo_of(world)
    else:
        photo = photo_of(world, "9101011002001")
        for name in ("Sari", "Budi"):
            reads(world, name, photo, problem="wrong_tps")
        for name in ("Adi", "Vera"):
            rules(world, name, photo, "rehome", "wrong_tps", station_code="9101011001001")
    assert takes(world, "Xena", address_block=block) is None
    assert takes(world, "Yani").task_id == photo.pk


@pytest.mark.parametrize("lane", [0, -queue.SURGE, queue.FIRST_MARKED, queue.EVIDENCE])
def test_what_is_read_again_on_request_comes_in_no_turn_that_somebody_could_know(world, monkeypatch, lane):
    photo, *others = (photo_of(world, tps, page=page) for tps in world.stations for page in (1, 2, 3))
    for place, other in enumerate(others, start=5):
        Task.objects.filter(pk=other.pk).update(rank=lane + place * queue.STAGES)
    monkeypatch.setattr(queue, "TURNS_TO_DRAW_FROM", 6)
    found = []
    for draw in (0.001, 0.5, 0.999):
        monkeypatch.setattr(queue, "draw", lambda draw=draw: draw)
        Task.objects.filter(pk=photo.pk).update(rank=lane + queue.STAGES, wants=0)
        queue.open_again(photo, anywhere=True)
        found.append((task_of(photo).rank - lane) // queue.STAGES)
    assert found == [5, 8, 11], "up to six turns from where the queue stands"
    queue.open_again(photo, anywhere=False)
    assert (task_of(photo).rank - lane) // queue.STAGES == 11, "what a recall takes away stays where it was"


def test_who_opened_a_group_reads_no_photo_of_that_tps(world):
    photo = photo_of(world)
    report = says(world, text="paslon 1 itu 101")
    reports.look_into(report.group_id, world.person("Adi", Role.ADJUDICATOR))
    assert world.person("Adi").pk in task_of(photo).touched_by
    assert takes(world, "Adi") is None
    assert takes(world, "Sari").task_id == photo.pk


# --- Who may answer -----------------------------------------------------------------------------


def test_nobody_answers_what_they_reported_sent_or_read(world):
    photo = decided(world, by=("Sari", "Budi"))
    group = says(world, account=world.person("Adi", Role.ADJUDICATOR)).group
    User.objects.filter(pk=world.person("Budi").pk).update(role=Role.ADJUDICATOR)
    sender = world.person("Eka", Role.ADJUDICATOR)
    independence.record_sighting(sender, photo.device, "")
    for name in ("Adi", "Budi", "Eka"):
        person = User.objects.get(pk=world.person(name).pk)
        assert not reports.waiting_for(person).exists()
        with pytest.raises(reports.OwnReport):
            pipeline.answer_reports(person, group.pk, "nothing_wrong", [], None, "")
        with pytest.raises(reports.OwnReport):
            reports.look_into(group.pk, person)
    assert answers(world, "Vera", group).outcome == "nothing_wrong"


def test_nobody_answers_for_a_tps_to_which_a_photo_of_theirs_was_moved(world):
    there = "9101011002001"
    photo = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, photo, problem="wrong_tps")
    for name in ("Vera", "Wayan"):
        rules(world, name, photo, "rehome", "wrong_tps", station_code=there)
    for name in ("Citra", "Dewi"):
        reads(world, name, photo)
    assert decision_of(photo).station == world.stations[there]
    User.objects.filter(pk=world.person("Citra").pk).update(role=Role.ADJUDICATOR)
    citra = User.objects.get(pk=world.person("Citra").pk)
    group = says(world, station=there).group
    with pytest.raises(reports.OwnReport):
        reports.look_into(group.pk, citra)
    with pytest.raises(exclusions.rulings.HadItInHand):
        pipeline.exclude(exclusions.Said(citra, world.contest, world.stations[there], "court"))


def test_what_was_reported_since_the_page_was_made_is_not_answered_unread(world):
    group = says(world).group
    vera = browser_of(world, "Vera", Role.ADJUDICATOR)
    page = f"/putusan/laporan/{group.pk}/"
    assert 'name="laporan" value="1"' in vera.get(page).content.decode()
    says(world, "altered")
    said = {"jawaban": "nothing_wrong", "laporan": "1"}
    answer = vera.post(page, said)
    assert (answer.status_code, ReportGroup.objects.get().outcome) == (409, "")
    assert "ada laporan baru tentang TPS ini" in text(answer)
    assert vera.post(page, said | {"laporan": "2"}).status_code == 302
    assert ReportGroup.objects.get().outcome == "nothing_wrong"


def test_nobody_grants_on_the_device_they_asked_from(world):
    photo, device = decided(world), world.device()
    group = says(world, "reread", device).group
    with pytest.raises(reports.OwnReport):
        answers(world, "Adi", group, "reread", [photo], device)
    assert decision_of(photo).outcome == "accepted"


def test_one_network_is_no_second_person_unless_others_reported_too(world):
    photo = decided(world)
    group = says(world, "reread", address_block="home").group
    vera = world.person("Vera", Role.ADJUDICATOR)
    with pytest.raises(reports.SameNetwork):
        pipeline.answer_reports(vera, group.pk, "reread", [photo.pk], None, "home")
    says(world, "reread", address_block="elsewhere")
    pipeline.answer_reports(vera, group.pk, "reread", [photo.pk], None, "home")
    group.refresh_from_db()
    assert (group.outcome, group.closer) == ("reread", vera)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.VOLUNTEER, Role.OPERATOR])
def test_only_adjudicators_answer(world, role):
    group = says(world).group
    with pytest.raises(NotAllowed):
        pipeline.answer_reports(world.person("Omar", role), group.pk, "nothing_wrong", [], None, "")


# --- What an answer does ------------------------------------------------------------------------


def test_asked_for_by_one_and_granted_by_another_it_is_read_again_and_the_old_decision_stays(world):
    photo = decided(world)
    group = says(world, "reread", page=2, account=world.person("Cici", Role.CITIZEN)).group
    answers(world, "Adi", group, "reread", [photo])
    pipeline.decide(str(photo.pk))
    versions = list(photo.decisions.order_by("version").values_list("outcome", "numbers"))
    assert versions == [("accepted", VOTES), ("reopened", None)]
    assert takes(world, "Gita").task_id == photo.pk
    assert [entry["state"] for entry in told("answer")] == ["reread"]


def test_a_photo_put_before_adjudicators_stays_there_until_one_ruled(world):
    photo = decided(world)
    answers(world, "Adi", says(world, "altered").group, "case", [photo])
    assert task_of(photo).why == "reported"
    batches.move(pipeline.Step.DECIDE, photo)
    pipeline.decide(str(photo.pk))  # rung once more: nothing new
    assert (task_of(photo).why, task_of(photo).needs_adjudicator) == ("reported", True)
    pipeline.record(str(photo.pk))
    rules(world, "Vera", photo, "accept", page=2, numbers=VOTES)
    assert (task_of(photo).why, task_of(photo).needs_adjudicator) == ("", False)


@pytest.mark.parametrize("outcome", ["reread", "case", "", "sesuatu"])
def test_an_outcome_about_photos_names_some_that_are_decided(world, outcome):
    group = says(world).group
    waiting, elsewhere = photo_of(world), decided(world, "9101011002001")
    for photos in ([], [waiting], [elsewhere]):
        with pytest.raises(reports.WrongAnswer):
            answers(world, "Adi", group, outcome, photos)
    assert ReportGroup.objects.get(pk=group.pk).outcome == ""


def test_a_photo_put_before_adjudicators_while_it_is_decided_stays_there(world, monkeypatch):
    photo = decided(world)
    group = says(world).group
    previews = consensus.previews

    def and_then_it_is_reported(photos):
        found = previews(photos)
        monkeypatch.setattr(consensus, "previews", previews)
        answers(world, "Vera", group, "case", [photo])
        return found

    monkeypatch.setattr(consensus, "previews", and_then_it_is_reported)
    pipeline.decide_again(photo.pk)
    assert (task_of(photo).needs_adjudicator, task_of(photo).why) == (True, "reported")


def test_all_or_nothing(world):
    """Adi's ruling stands on one of the photos, so they may not have it read again, and nothing is answered."""
    photo, other = decided(world), decided(world, by=("Citra", "Dewi"))
    rules(world, "Adi", photo, "accept", page=2, numbers=VOTES)
    group = says(world, "reread").group
    with pytest.raises(rulings.AlreadyRuled):
        answers(world, "Adi", group, "reread", [photo, other])
    assert ReportGroup.objects.get(pk=group.pk).outcome == ""
    assert decision_of(other).outcome == "accepted"


def test_twice_is_once_and_another_answer_comes_too_late(world):
    group = says(world).group
    answers(world, "Adi", group)
    answers(world, "Adi", group)
    assert len(told("answer")) == 1
    with pytest.raises(reports.AlreadyAnswered):
        answers(world, "Vera", group)
    with pytest.raises(reports.AlreadyAnswered):
        answers(world, "Adi", group, "excluded")
    with pytest.raises(reports.NoSuchReport):
        pipeline.answer_reports(world.person("Adi"), uuid4(), "nothing_wrong", [], None, "")


# --- In public ----------------------------------------------------------------------------------


def test_the_public_sees_answers_and_neither_how_many_reports_nor_what_they_say(world):
    decided(world)
    path = "/hasil/contoh/ppwp/tps/9101011001001/"
    for number in range(30):
        group = says(world, text=f"fitnah {number}").group
    before = Client().get(f"/api/v1/results{path.removeprefix('/hasil')}").json()
    assert before["reports"] == []
    page = text(Client().get(path))
    assert "fitnah" not in page
    assert "Laporan warga yang sudah dijawab" not in page
    answers(world, "Adi", group)
    caches["documents"].clear()
    after = Client().get(f"/api/v1/results{path.removeprefix('/hasil')}").json()
    assert [one["outcome"] for one in after["reports"]] == ["nothing_wrong"]
    assert "tidak ada yang keliru" in text(Client().get(path))
    assert "fitnah" not in json.dumps(after)


def test_the_audit_knows_reports_and_answers(world):
    answers(world, "Adi", says(world).group)
    report = says(world, "official")
    assert [str(one) for one in audit.differences() if one.kind in ("report", "answer")] == []
    falsify("UPDATE transcription_report SET reason = 'altered' WHERE id = %s", report.pk)
    falsify("UPDATE transcription_reportgroup SET outcome = 'excluded' WHERE outcome <> ''")
    assert [(one.kind, one.what) for one in audit.differences() if one.kind in ("report", "answer")] == [
        ("report", "row and entry differ in reason"),
        ("answer", "row and entry differ in state"),
    ]


def test_an_unknown_page_tps_or_contest_is_refused(world):
    assert Client().get("/lapor/contoh/ppwp/9101011001999/").status_code == 404
    assert Client().get("/lapor/contoh/dpr/9101011001001/").status_code == 422
    assert Client().get(f"/lapor/{uuid4()}/").status_code == 404
    assert devices.COOKIE in Client().post(ADDRESS, {"alasan": "official"}).cookies
