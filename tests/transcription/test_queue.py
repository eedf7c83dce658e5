"""Who is given which photo, and what becomes of leases."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts import invitations
from accounts.models import Role
from pemantau import pipeline
from tests.transcription.reading import (
    VOTES,
    device_of,
    given,
    looks,
    photo_of,
    reads,
    rejects,
    sends,
    some_uuid,
    takes,
    task_of,
)
from tps.models import Contest
from transcription import entries, queue, reports
from transcription.models import Lease, PairTally, Task
from uploads.models import Repeat


def expire(lease: Lease) -> None:
    Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


# --- Who gets it --------------------------------------------------------------------------------


def test_two_people_are_given_a_photo_and_a_third_is_not(world):
    photo = photo_of(world)
    assert takes(world, "Sari").task_id == photo.pk
    assert takes(world, "Budi").task_id == photo.pk
    assert takes(world, "Citra") is None


def test_asking_again_gives_the_same(world):
    photo_of(world)
    photo_of(world, "9101011001002")
    first = takes(world, "Sari")
    assert takes(world, "Sari").pk == first.pk
    assert Lease.objects.count() == 1


def ahead(world, name: str) -> Lease | None:
    person = world.person(name)
    return queue.take(person, device_of(world, person), "", ahead=True)


def test_the_next_photos_may_be_held_ready_and_not_more_than_four_in_all(world):
    for code in list(world.stations)[:6]:
        photo_of(world, code)
    first = takes(world, "Sari")
    more = [ahead(world, "Sari") for _ in range(4)]
    held = [first, *more[:3]]
    assert more[3] is None
    assert len({lease.task.photo.pk for lease in held}) == 4
    assert takes(world, "Sari").pk == first.pk, "who asks plainly gets what they have, the oldest first"
    assert [lease.pk for lease in queue.held_by(first.account)] == [lease.pk for lease in held]
    sends(first, entries.Reading(2, dict(VOTES)))
    assert ahead(world, "Sari") is not None, "a place is empty again"
    assert takes(world, "Sari").pk == more[0].pk


def test_who_holds_nothing_may_ask_ahead_too_and_the_exclusions_are_the_same(world):
    photo_of(world, uploader=world.person("Sari"))
    assert ahead(world, "Sari") is None
    assert ahead(world, "Budi") is not None


def test_who_stops_leaves_what_was_ready_to_others_and_may_have_it_again(world):
    photos = [photo_of(world, code) for code in list(world.stations)[:3]]
    first = takes(world, "Sari")
    ahead(world, "Sari")
    queue.let_go(first.account)
    assert not Lease.objects.filter(end="").exists()
    assert {(task_of(photo).free, task_of(photo).returned) for photo in photos} == {(2, 0)}
    assert takes(world, "Sari").task.photo.pk == first.task.photo.pk


def test_asking_again_holds_nothing_longer_than_an_hour(world):
    photo_of(world)
    lease = takes(world, "Sari")
    Lease.objects.update(taken_at=timezone.now() - queue.LONGEST_LEASE, expires_at=timezone.now())
    takes(world, "Sari")
    assert Lease.objects.get(pk=lease.pk).expires_at <= timezone.now()


def test_renewing_one_renews_what_is_held_ready(world):
    for code in list(world.stations)[:2]:
        photo_of(world, code)
    first, second = takes(world, "Sari"), ahead(world, "Sari")
    Lease.objects.update(expires_at=timezone.now())
    queue.renew(first.pk, first.account)
    assert Lease.objects.get(pk=second.pk).expires_at > timezone.now() + timedelta(minutes=4)


def test_nobody_is_given_what_they_sent(world):
    photo_of(world, uploader=world.person("Sari"))
    assert takes(world, "Sari") is None
    assert takes(world, "Budi")


def test_nobody_is_given_what_their_device_sent(world):
    shared = world.device()
    photo_of(world, device=shared)
    assert takes(world, "Sari", device=shared) is None
    assert takes(world, "Sari") is None, "the device was theirs a moment ago"
    assert takes(world, "Budi")


def test_nobody_is_given_what_came_from_their_address_block(world):
    photo_of(world, address_block="b" * 32)
    assert takes(world, "Sari", address_block="b" * 32) is None
    assert takes(world, "Budi", address_block="c" * 32)


@pytest.mark.parametrize("by", ["account", "device", "block", "friend"])
def test_nobody_is_given_what_they_sent_once_more(world, by):
    photo = photo_of(world)
    sari, device = world.person("Sari"), world.device()
    again = {"account": sari} if by == "account" else {}
    if by == "friend":
        again = {"account": world.person("Rina", invited_by=sari)}
    block = "b" * 32 if by == "block" else ""
    Repeat.objects.create(photo=photo, device=device, address_block=block, **again)
    here = {"device": {"device": device}, "block": {"address_block": block}}.get(by, {})
    assert takes(world, "Sari", **here) is None
    assert takes(world, "Budi")


def test_who_sends_it_while_they_hold_it_does_not_get_it_again(world):
    photo = photo_of(world)
    lease = takes(world, "Sari")
    Repeat.objects.create(photo=photo, account=lease.account, device=world.device())
    expire(lease)
    assert queue.take_back_expired_leases() == 1
    assert takes(world, "Sari") is None
    assert takes(world, "Budi")


def test_nobody_is_given_a_photo_they_read_or_gave_back(world):
    photo = photo_of(world)
    reads(world, "Sari", photo)
    assert takes(world, "Sari") is None
    lease = takes(world, "Budi")
    queue.give_back(lease.pk, lease.account)
    assert takes(world, "Budi") is None
    assert task_of(photo).free == 1


@pytest.mark.parametrize("tie", ["device", "block", "invitation", "siblings"])
def test_nobody_of_one_circle_is_given_the_same_photo(world, tie):
    photo_of(world)
    shared = world.device()
    inviter = world.person("Rina")
    if tie == "invitation":
        world.person("Budi", invited_by=world.person("Sari"))
    if tie == "siblings":
        world.person("Sari", invited_by=inviter)
        world.person("Budi", invited_by=inviter)
    common = {"device": {"device": shared}, "block": {"address_block": "b" * 32}}.get(tie, {})
    assert takes(world, "Sari", **common)
    assert takes(world, "Budi", **common) is None
    assert takes(world, "Citra")


def test_what_an_operator_invites_forms_no_line(world):
    photo_of(world)
    operator = world.person("Oki", Role.OPERATOR)
    token = invitations.make(operator, 2, "nonce").token
    for name in ("Sari", "Budi"):
        invitations.accept(world.person(name, Role.CITIZEN), token, "contoh")
    assert takes(world, "Sari")
    assert takes(world, "Budi")


# --- Photos that are to check each other --------------------------------------------------------


@pytest.mark.parametrize("tie", ["account", "device", "block", "friend"])
def test_who_had_one_photo_of_a_page_is_given_no_other_of_it(world, tie):
    first, again = photo_of(world), photo_of(world)
    shared = world.device()
    common = {"device": {"device": shared}, "block": {"address_block": "b" * 32}}.get(tie, {})
    if tie == "friend":
        world.person("Rina", invited_by=world.person("Sari"))
    for lease in (takes(world, "Sari", **common), takes(world, "Budi")):
        assert lease.task_id == first.pk
        sends(lease, entries.Reading(2, dict(VOTES)))
    who = "Sari" if tie == "account" else "Rina"
    assert takes(world, who, **common) is None
    person = world.person(who)
    device = common.get("device") or device_of(world, person)
    assert queue.take(person, device, common.get("address_block", ""), ahead=True) is None
    assert takes(world, "Citra").task_id == again.pk


@pytest.mark.parametrize(
    ("first", "second", "is_given"),
    [
        ((2, None), (2, None), False),
        ((2, None), (3, 102), False),
        ((3, 102), (2, None), False),
        ((2, None), (None, None), False),
        ((None, None), (2, None), False),
        ((2, 102), (2, 103), True),
        ((2, None), (3, None), True),
        ((None, 101), (None, 102), True),
    ],
)
def test_which_page_it_is_says_its_tag_or_else_its_sender(world, first, second, is_given):
    from tests.transcription.test_pages import tagged

    photos = []
    for page, tag in (first, second):
        photos.append(photo_of(world, page=page, opened=False))
        if tag:
            tagged(photos[-1], tag)
        queue.open_photo(photos[-1])
    Task.objects.filter(pk=photos[1].pk).update(rank=queue.EVIDENCE)
    reads(world, "Sari", photos[0])
    lease = takes(world, "Sari")
    assert (lease.task_id if lease else None) == (photos[1].pk if is_given else None)


def test_who_is_capped_with_a_reader_of_a_page_is_given_another_photo_of_it(world):
    """One diligent reader would keep everybody from all that comes of what they read."""
    photos = [photo_of(world), photo_of(world)]
    reads(world, "Budi", photos[0])
    pair = sorted((world.person("Sari").pk, world.person("Budi").pk))
    for place, station in enumerate(list(world.stations.values())[1:4], start=1):
        PairTally.objects.create(
            first_id=pair[0], second_id=pair[1], election=world.election, station=station, place=place
        )
    assert takes(world, "Sari").task_id == photos[1].pk


@pytest.mark.parametrize("form", ["c-hasil-dpd", "c-hasil-dpr", "c-hasil-dprd-kabko", "c-hasil-dprd-prov"])
@pytest.mark.parametrize(
    ("first", "second", "is_given"), [(None, None, True), (2, None, True), (2, 2, False), (2, 3, True)]
)
def test_a_form_without_tags_does_not_want_two_readers_more_for_each_page(world, form, first, second, is_given):
    """Nobody knows which of twenty pages a photo shows that came without a word."""
    Contest.objects.filter(pk=world.contest.pk).update(form=form)
    photos = [photo_of(world, page=page) for page in (first, second)]
    Task.objects.filter(pk=photos[1].pk).update(rank=queue.EVIDENCE)
    Lease.objects.filter(pk=takes(world, "Sari").pk).update(end="returned")
    lease = takes(world, "Sari")
    assert (lease.task_id if lease else None) == (photos[1].pk if is_given else None)


def test_who_read_a_page_is_given_the_same_page_of_another_tps(world):
    photo_of(world)
    reads(world, "Sari", photo_of(world))
    elsewhere = photo_of(world, "9101011001002")
    assert takes(world, "Sari").task_id == elsewhere.pk


def test_who_had_one_in_hand_is_given_none_that_looks_like_it(world):
    from uploads.models import Alike

    there, alike = photo_of(world), photo_of(world, "9101011001002")
    Alike.objects.create(
        first=min(there, alike, key=id_of), second=max(there, alike, key=id_of), region="whole", bits=4
    )
    for first, second, who in ((there, alike, "Sari"), (alike, there, "Budi")):
        Task.objects.filter(pk=first.pk).update(rank=1)
        Task.objects.filter(pk=second.pk).update(rank=queue.MARKED)
        reads(world, who, first)
        assert takes(world, who) is None


def test_who_saw_a_page_as_a_case_is_given_no_other_photo_of_it(world):
    from transcription import cases

    first, _again = photo_of(world), photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, first, problem="blurred")
    looks(world, "Vera", first)
    cases.look_into(first.pk, world.person("Vera"))
    assert takes(world, "Vera") is None
    assert takes(world, "Citra")


def test_at_a_flooded_tps_who_had_any_photo_in_hand_is_given_no_other(world, monkeypatch):
    monkeypatch.setattr(queue, "CROWD", 4)
    for page in (2, 3, 2, 3):
        photo_of(world, page=page)
    monkeypatch.setattr(queue, "_TAKE", queue._TAKE.replace(", 100)", ", 4)"))
    monkeypatch.setattr(queue, "_TAKE_WAITING", queue._TAKE_WAITING.replace(", 100)", ", 4)"))
    Task.objects.update(rank=queue.EVIDENCE)
    sends(takes(world, "Sari"), entries.Reading(None, None, "blurred"))
    assert takes(world, "Sari") is None
    assert takes(world, "Budi")


def test_who_let_the_time_run_out_is_given_the_page_again(world):
    first, again = photo_of(world), photo_of(world)
    expire(takes(world, "Sari"))
    queue.take_back_expired_leases()
    for name in ("Budi", "Citra"):
        reads(world, name, first)
    assert takes(world, "Sari").task_id == again.pk


# --- In which order -----------------------------------------------------------------------------


def test_the_first_photo_of_every_kecamatan_comes_before_the_second_of_any(world):
    from tps.models import PollingStation, Region

    far = Region.objects.create(code="910102", level=3, name="Kenanga", parent_id="9101")
    village = Region.objects.create(code="9101021001", level=4, name="Desa Jauh", parent=far)
    station = PollingStation.objects.create(election=world.election, region=village, number=1, code="9101021001001")
    world.stations[station.code] = station
    for code in ("9101011001001", "9101011001002", "9101011001003"):
        photo_of(world, code)
    late = photo_of(world, station.code)
    assert late.pk in {takes(world, name).task_id for name in ("Sari", "Budi")}


def test_a_tps_that_nobody_read_comes_before_a_second_opinion(world):
    first = photo_of(world)
    reads(world, "Sari", first)
    Task.objects.filter(pk=first.pk).update(rank=queue.rank_of(1, in_hands=1))
    second = photo_of(world, "9101011001002")
    Task.objects.filter(pk=second.pk).update(rank=queue.rank_of(1))
    assert takes(world, "Budi").task_id == second.pk
    assert takes(world, "Citra").task_id in (first.pk, second.pk)


def test_more_photos_of_a_page_that_has_one_come_last(world):
    photo_of(world, page=2)
    again = photo_of(world, page=2)
    other_page = photo_of(world, page=3)
    later = photo_of(world, "9101011002002")
    order = [takes(world, f"Pembaca{n}").task_id for n in range(8)]
    assert order[-2:] == [again.pk, again.pk]
    assert {other_page.pk, later.pk} <= set(order[:-2])


def served(world, people: int = 12) -> list:
    """The photos in the order in which they are first given out."""
    taken = [takes(world, f"Pembaca{n}") for n in range(people)]
    return list(dict.fromkeys(lease.task_id for lease in taken if lease))


def test_a_marked_photo_waits_for_all_that_have_no_mark(world):
    from tests.transcription.test_pages import tagged
    from uploads.models import Alike

    other = photo_of(world, "9101011002001", opened=False)
    alike = photo_of(world, "9101011001002", opened=False)
    Alike.objects.create(
        first=min(other, alike, key=id_of), second=max(other, alike, key=id_of), region="whole", bits=4
    )
    turned = photo_of(world, "9101011001003", opened=False)
    tagged(turned, 102, turn=2)
    for photo in (alike, turned):
        queue.open_photo(photo)
    plain = [photo_of(world), photo_of(world, "9101011002002")]
    order = served(world)
    assert set(order[:2]) == {photo.pk for photo in plain}
    assert set(order[2:]) == {alike.pk, turned.pk}
    assert task_of(alike).rank >= queue.MARKED


def id_of(photo):
    return photo.pk


def test_photos_that_look_alike_at_one_tps_are_no_mark(world):
    from uploads.models import Alike

    first, second = photo_of(world, page=2), photo_of(world, page=3, opened=False)
    Alike.objects.create(
        first=min(first, second, key=id_of), second=max(first, second, key=id_of), region="whole", bits=0
    )
    queue.open_photo(second)
    assert task_of(second).rank < queue.MARKED


def test_the_page_that_the_tag_says_is_the_one_that_is_covered(world):
    from tests.transcription.test_pages import tagged

    photo_of(world, page=2)
    said_three = photo_of(world, page=3, opened=False)
    tagged(said_three, 102)
    queue.open_photo(said_three)
    assert task_of(said_three).rank >= queue.EVIDENCE, "page 2 is there already"
    real_three = photo_of(world, page=3)
    assert task_of(real_three).rank < queue.MARKED, "nobody has sent page 3"
    unsaid = photo_of(world, page=None, opened=False)
    tagged(unsaid, 102)
    queue.open_photo(unsaid)
    assert queue.EVIDENCE <= task_of(unsaid).rank < queue.EVIDENCE + queue.MARKED


def test_another_ballots_sheet_covers_no_page(world):
    from tests.transcription.test_pages import tagged

    wrong = photo_of(world, page=2, opened=False)
    tagged(wrong, 501)
    queue.open_photo(wrong)
    right = photo_of(world, page=2)
    assert task_of(right).rank < queue.MARKED <= task_of(wrong).rank


def test_a_suspect_photo_of_a_page_puts_no_honest_one_back(world):
    from tests.transcription.test_pages import tagged

    junk = photo_of(world, page=2, opened=False)
    tagged(junk, 102, turn=2)
    queue.open_photo(junk)
    honest = photo_of(world, page=2)
    assert task_of(honest).rank < queue.MARKED <= task_of(junk).rank
    assert task_of(photo_of(world, page=2)).rank >= queue.EVIDENCE


def first_ones(photos) -> list[bool]:
    return [task_of(photo).rank < queue.FIRST_EVIDENCE for photo in photos]


def throws_away(world, photo) -> None:
    reports.open_case(photo.pk)
    rejects(world, photo, "not_a_form")


def test_of_a_flood_one_photo_of_the_page_follows_the_rejected_one_and_then_the_next(world):
    flood, other_page = [[photo_of(world, page=page) for _ in range(4)] for page in (2, 3)]
    throws_away(world, flood[3])
    assert first_ones(flood) == [True, False, False, False], "it was mere evidence"
    throws_away(world, flood[0])
    assert first_ones(flood[:3]) == [True, True, False]
    throws_away(world, flood[1])
    assert first_ones(flood[:3]) == [True, True, True]
    assert first_ones(other_page) == [True, False, False, False]


def test_the_next_of_a_page_is_the_one_that_its_tag_says_and_one_without_a_mark(world):
    from tests.transcription.test_pages import tagged

    first = photo_of(world)
    marked, unsaid, plain = (photo_of(world, page=page, opened=False) for page in (2, None, 2))
    tagged(marked, 102, turn=2)
    tagged(unsaid, 102)
    for photo in (marked, plain, unsaid):
        queue.open_photo(photo)
    rest = [plain, unsaid, marked]
    assert first_ones(rest) == [False] * 3
    for number, photo in enumerate([first, *rest[:2]], start=1):
        throws_away(world, photo)
        assert first_ones(rest) == [True] * number + [False] * (3 - number)
    assert task_of(marked).rank >= queue.FIRST_MARKED


def test_of_several_with_a_mark_one_alone_follows_however_often_it_is_looked_at(world):
    from tests.transcription.test_pages import tagged

    first = photo_of(world)
    marked = [photo_of(world, opened=False) for _ in range(3)]
    for photo in marked:
        tagged(photo, 102, turn=2)
        queue.open_photo(photo)
    throws_away(world, first)
    for _again in range(3):
        assert first_ones(marked) == [True, False, False]
        pipeline.decide_again(first.pk)
        pipeline._record([first])
    throws_away(world, marked[0])
    assert first_ones(marked) == [True, True, False]


def test_where_a_page_has_a_usable_photo_none_follows_the_rejected_one(world):
    first, second, third = (photo_of(world) for _ in range(3))
    for name in ("Sari", "Budi"):
        reads(world, name, second)
    throws_away(world, first)
    assert first_ones([third]) == [False]
    throws_away(world, second)
    assert first_ones([third]) == [True], "it was evidence, and then the one that covered the page"


@pytest.mark.parametrize("flood", ["the same page", "no page", "marked"])
def test_a_flood_at_one_tps_puts_back_no_other_tps_of_its_kecamatan(world, flood):
    from tests.transcription.test_pages import tagged

    photo_of(world)
    for _ in range(20):
        more = photo_of(world, page={"no page": None}.get(flood, 2), opened=False)
        if flood == "marked":
            tagged(more, 501)
        queue.open_photo(more)
    beside, elsewhere = photo_of(world, "9101011001002"), photo_of(world, "9101011002001")
    assert task_of(beside).rank == queue.rank_of(2), "the second of its kecamatan that is the first of its page"
    assert task_of(elsewhere).rank <= queue.rank_of(3)


@pytest.mark.parametrize("flood", ["the same page", "marked"])
def test_a_flood_in_a_slower_lane_puts_back_no_photo_whose_page_is_unknown(world, flood):
    from tests.transcription.test_pages import tagged

    photo_of(world)
    for _ in range(20):
        more = photo_of(world, page=2, opened=False)
        if flood == "marked":
            tagged(more, 501)
        queue.open_photo(more)
    assert task_of(photo_of(world, "9101011001002", page=None)).rank <= queue.rank_of(2)


def test_a_photo_of_no_known_page_comes_before_none_that_was_there(world):
    there = [photo_of(world, station) for station in ("9101011001001", "9101011001002", "9101011001003")]
    unsaid = photo_of(world, page=None)
    assert task_of(unsaid).rank >= max(task_of(photo).rank for photo in there)


def test_nothing_locks_a_tps_after_its_page_was_decided(world):
    first = photo_of(world)
    for name in ("Sari", "Budi"):
        reads(world, name, first, **VOTES)
    later = photo_of(world)
    elsewhere = photo_of(world, "9101011002001")
    assert served(world, 8) == [elsewhere.pk, later.pk]


# --- Leases -------------------------------------------------------------------------------------


def test_an_expired_lease_goes_to_whoever_asks(world):
    photo_of(world)
    takes(world, "Sari")
    expire(takes(world, "Budi"))
    assert takes(world, "Citra"), "taken back on the spot"
    assert Lease.objects.get(account=world.person("Budi")).end == "expired"


def test_the_sweeper_takes_expired_leases_back_once(world):
    photo = photo_of(world)
    expire(takes(world, "Sari"))
    expire(takes(world, "Budi"))
    assert queue.take_back_expired_leases() == 2
    assert queue.take_back_expired_leases() == 0
    task = task_of(photo)
    assert (task.free, task.leased, task.touched_by) == (2, 0, [])


def test_who_comes_back_late_keeps_the_photo_if_nobody_took_it(world):
    photo_of(world)
    lease = takes(world, "Sari")
    expire(lease)
    again = takes(world, "Sari")
    assert again.pk == lease.pk
    assert again.expires_at > timezone.now()


def test_renewing_ends_after_an_hour(world):
    photo_of(world)
    lease = takes(world, "Sari")
    assert queue.renew(lease.pk, lease.account).expires_at > timezone.now() + timedelta(minutes=4)
    Lease.objects.filter(pk=lease.pk).update(taken_at=timezone.now() - timedelta(minutes=58))
    assert queue.renew(lease.pk, lease.account).expires_at < timezone.now() + timedelta(minutes=3)
    Lease.objects.filter(pk=lease.pk).update(taken_at=timezone.now() - timedelta(minutes=61))
    with pytest.raises(queue.LeaseOver):
        queue.renew(lease.pk, lease.account)


def test_anothers_lease_is_no_lease(world):
    photo_of(world)
    lease = takes(world, "Sari")
    for action in (queue.renew, queue.give_back, queue.lease_of):
        with pytest.raises(queue.NoSuchLease):
            action(lease.pk, world.person("Budi"))
        with pytest.raises(queue.NoSuchLease):
            action(some_uuid(), world.person("Sari"))


def test_giving_back_twice_is_once(world):
    photo = photo_of(world)
    lease = takes(world, "Sari")
    queue.give_back(lease.pk, lease.account)
    queue.give_back(lease.pk, lease.account)
    assert (task_of(photo).free, task_of(photo).returned) == (2, 1)


def gives_back(world, name: str) -> None:
    lease = takes(world, name)
    queue.give_back(lease.pk, lease.account)


def two_pages_everywhere(world) -> None:
    for code in world.stations:
        for page in (2, 3):
            photo_of(world, code, page=page)


def test_five_of_ones_last_twenty_photos_may_be_given_back_and_no_sixth(world, settings):
    assert (settings.MOST_GIVEN_BACK, queue.OF_LAST) == (5, 20)
    two_pages_everywhere(world)
    for _ in range(5):
        gives_back(world, "Sari")
    lease = takes(world, "Sari")
    with pytest.raises(queue.TooManyGivenBack):
        queue.give_back(lease.pk, lease.account)
    assert takes(world, "Sari").pk == lease.pk, "it is theirs as before"
    assert task_of(lease.task.photo).returned == 0
    sends(lease, entries.Reading(None, None, "blurred"))
    gives_back(world, "Budi")


def test_after_fifteen_more_photos_one_may_be_given_back_again(world):
    two_pages_everywhere(world)
    for _ in range(5):
        gives_back(world, "Sari")
    lease = takes(world, "Sari")
    for more, may in ((14, False), (1, True)):
        Lease.objects.bulk_create(
            Lease(task_id=lease.task_id, account=lease.account, expires_at=timezone.now(), end="submitted")
            for _ in range(more)
        )
        assert (queue.passed_over(lease.account) < 5) == may


def test_giving_back_once_more_what_was_given_back_is_no_sixth(world):
    two_pages_everywhere(world)
    for _ in range(4):
        gives_back(world, "Sari")
    lease = takes(world, "Sari")
    for _ in range(2):
        queue.give_back(lease.pk, lease.account)
    assert queue.passed_over(lease.account) == 5


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ("let the time run out", 0),
        ("read it in vain, without a network", 0),
        ("read the later one", 1),
        ("read the later one and stopped", 1),
        ("read the first one and stopped", 0),
        ("read the later one, and the sender took the first back", 0),
    ],
)
def test_a_time_that_runs_out_counts_only_where_a_later_photo_was_read_meanwhile(world, what, counts):
    two_pages_everywhere(world)
    first, later = takes(world, "Sari"), ahead(world, "Sari")
    Lease.objects.filter(pk=first.pk).update(taken_at=timezone.now() - timedelta(seconds=20))
    if what == "read it in vain, without a network":
        expire(first)
        Lease.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=10))
    if "read" in what:
        sends(first if what.startswith("read the first one") else later, entries.Reading(None, None, "blurred"))
    if "stopped" in what:
        queue.let_go(first.account)
    elif "took" in what:
        queue.close(first.task.photo)
        type(first.task.photo).objects.filter(pk=first.task_id).update(withdrawn_at=timezone.now())
    elif what == "read the later one":
        Lease.objects.filter(pk=first.pk).update(end="expired")
    else:
        queue.take_back_expired_leases()
    assert queue.passed_over(first.account) == counts


@pytest.mark.parametrize("how", ["let go", "taken back", "run out"])
def test_who_lets_all_go_and_then_sends_a_later_one_late_passed_over_those_before_it(world, how):
    two_pages_everywhere(world)
    held = [takes(world, "Sari"), *(ahead(world, "Sari") for _ in range(3))]
    if how == "let go":
        queue.let_go(held[0].account)
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=5))
    else:
        Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=5))
        if how == "taken back":
            queue.take_back_expired_leases()
    sends(held[2], entries.Reading(None, None, "blurred"))
    queue.take_back_expired_leases()
    assert queue.passed_over(held[0].account) == 2, "not the one after it"


def test_whose_readings_all_come_late_passed_over_none(world):
    two_pages_everywhere(world)
    held = [takes(world, "Sari"), *(ahead(world, "Sari") for _ in range(3))]
    queue.let_go(held[0].account)
    Lease.objects.update(expires_at=timezone.now() - timedelta(seconds=5))
    for lease in (held[1], held[0]):  # as a network lets them through
        sends(lease, entries.Reading(None, None, "blurred"))
    assert queue.passed_over(held[0].account) == 0


def test_who_stopped_and_comes_back_an_hour_later_passed_over_none(world):
    two_pages_everywhere(world)
    first = takes(world, "Sari")
    for _ in range(2):
        ahead(world, "Sari")
    sends(first, entries.Reading(None, None, "blurred"))
    queue.stop(first.account)
    assert not queue.held_by(first.account).exists()
    hour = timedelta(hours=1)
    Lease.objects.update(
        taken_at=F("taken_at") - hour, expires_at=F("expires_at") - hour, ended_at=F("ended_at") - hour
    )
    takes(world, "Sari")
    late = ahead(world, "Sari")
    Lease.objects.filter(end="").update(expires_at=timezone.now() - timedelta(seconds=5))
    queue.take_back_expired_leases()
    sends(late, entries.Reading(None, None, "blurred"))
    assert queue.passed_over(first.account) == 1, "the one held beside it, and nothing of an hour ago"


def test_who_passed_over_too_many_gets_rid_of_nothing_by_stopping(world):
    two_pages_everywhere(world)
    for _ in range(5):
        gives_back(world, "Sari")
    held = takes(world, "Sari")
    queue.stop(held.account)
    assert Lease.objects.get(pk=held.pk).end == ""
    queue.let_go(held.account)
    assert Lease.objects.get(pk=held.pk).end == "expired", "where an account is paused or ends, all goes"


def test_what_five_people_gave_back_goes_before_an_adjudicator_and_can_be_opened_again(world):
    from tests.transcription.reading import rules

    photo = photo_of(world)
    for number in range(5):
        lease = takes(world, f"Pembaca{number}")
        queue.give_back(lease.pk, lease.account)
    assert (task_of(photo).needs_adjudicator, task_of(photo).why) == (True, "returned")
    rules(world, "Vera", photo, "reopen", "legible")
    assert not task_of(photo).needs_adjudicator
    assert takes(world, "Pembaca0"), "who only gave it back may get it after all"


def test_opening_twice_is_once(world):
    photo = photo_of(world)
    takes(world, "Sari")
    queue.open_photo(photo)
    assert (Task.objects.count(), task_of(photo).free) == (1, 1)


def test_a_lease_that_outlives_the_decision_opens_nothing(world):
    photo = photo_of(world)
    reads(world, "Sari", photo)
    reads(world, "Budi", photo, **VOTES | {"paslon_1": 3})
    late = given(world, "Citra", photo)
    expire(late)
    queue.take_back_expired_leases()
    reads(world, "Dewi", photo)
    assert task_of(photo).free == 0
    with pytest.raises(entries.TakenOver):
        sends(late, entries.Reading(2, dict(VOTES)))
    assert task_of(photo).free == 0


def test_it_is_open_as_long_as_somebody_is_to_do_something(world):
    photo = photo_of(world)
    assert queue.open_among([photo])
    reads(world, "Sari", photo)
    lease = takes(world, "Budi")
    assert queue.open_among([photo])
    sends(lease, entries.Reading(2, dict(VOTES)))
    assert not queue.open_among([photo])
