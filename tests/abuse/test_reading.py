"""A reading sent wrong."""

import json

from django.db.models import F
from django.db.models.functions import Now

from tests.abuse.observing import nothing_changes, nothing_forbidden_is_logged
from tests.abuse.stage import FORM, NOWHERE, NUMBERS, Bad, posts, sends_json
from tests.transcription import reading as people
from tests.world import World
from transcription import queue
from transcription.models import Lease


def expired(world: World, name: str) -> Lease:
    """A lease that ran out, whose photo two others have read meanwhile."""
    photo = people.photo_of(world, "9101011001003")
    lease = people.given(world, name, photo)
    Lease.objects.filter(pk=lease.pk).update(expires_at=Now() - queue.LEASE, taken_at=F("taken_at"))
    queue.take_back_expired_leases()
    people.reads(world, "Sari", photo)
    people.reads(world, "Budi", photo)
    return lease


GOOD = {"page": 2, "numbers": people.VOTES, "tps": "9101011001001"}


def at(lease: Lease | str, what: str = "entry") -> str:
    return f"/api/v1/tasks/{getattr(lease, 'pk', lease)}/{what}/"


def test_a_reading_is_none(stage, subtests):
    mine = people.given(stage.world, "Vina", people.photo_of(stage.world))
    table = [
        *(
            Bad(n, "volunteer", sends_json(at(mine), GOOD | {"numbers": numbers}), *answer)
            for n, (numbers, *answer) in NUMBERS.items()
        ),
        *(
            Bad(f"page {number!r}", "volunteer", sends_json(at(mine), GOOD | {"page": number}), status, code)
            for number, status, code in (
                *((n, 422, "wrong_reading") for n in (4, 99, None)),
                *((n, 400, "invalid") for n in (0, -1, 100, 2.5, "dua", True, [2])),
            )
        ),
        Bad("numbers as a list", "volunteer", sends_json(at(mine), GOOD | {"numbers": [1, 2, 3]}), 422,
            "wrong_reading"),
        Bad("numbers and a problem", "volunteer", sends_json(at(mine), GOOD | {"problem": "blurred"}), 422,
            "wrong_reading"),
        *(
            Bad(f"the TPS as {tps!r}", "volunteer", sends_json(at(mine), GOOD | {"tps": tps}), status, code)
            for tps, status, code in (
                ("", 422, "wrong_reading"), ("12", 422, "wrong_reading"), ("１" * 13, 422, "wrong_reading"),
                ("9" * 14, 400, "invalid"), ([], 400, "invalid"),
            )
        ),
        Bad("an unknown problem", "volunteer", sends_json(at(mine), {"problem": "rahasia"}), 400, "invalid"),
        Bad("nothing", "volunteer", sends_json(at(mine), {}), 422, "wrong_reading"),
        Bad("a list", "volunteer", sends_json(at(mine), []), 400, "invalid"),
        Bad("half a JSON", "volunteer", posts(at(mine), '{"page": 2, "numbers": {"paslon_1":'), 400, "parse_error"),
        Bad("NaN", "volunteer", posts(at(mine), '{"page": 2, "numbers": {"paslon_1": NaN}}'), 400, "parse_error"),
        Bad("no text", "volunteer", posts(at(mine), b"\xff\xfe{}"), 400, "parse_error"),
        Bad("nested without end", "volunteer", posts(at(mine), "[" * 100_000), 400, "bad_request"),
        Bad("a form", "volunteer", posts(at(mine), "page=2", FORM), 415,
            "unsupported_media_type"),
        Bad("2 MB", "volunteer", posts(at(mine), json.dumps({"x": "a" * 2_000_000})), 413, "body_too_large"),
    ]  # fmt: skip
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_a_reading_is_sent_too_late_twice_or_by_the_wrong_person(stage, subtests):
    world = stage.world
    late = expired(world, "Vina")
    returned = people.given(world, "Vina", people.photo_of(world, "9101011001002"))
    queue.give_back(returned.pk, returned.account)
    done = people.given(world, "Vina", people.photo_of(world, "9101011002001"))
    people.sends(done, people.entries.Reading(2, dict(people.VOTES)))
    foreign = people.given(world, "Dewi", people.photo_of(world, "9101011002002"))
    mine = people.given(world, "Vina", people.photo_of(world))
    table = [
        Bad("something else the second time", "volunteer", sends_json(at(done), {"problem": "blurred"}), 409,
            "already_read"),
        Bad("after giving it back", "volunteer", sends_json(at(returned), GOOD), 409, "given_back"),
        Bad("too late", "volunteer", sends_json(at(late), GOOD), 409, "taken_over"),
        Bad("under another's lease", "volunteer", sends_json(at(foreign), GOOD), 404, "no_such_lease"),
        Bad("under no lease", "volunteer", sends_json(at(NOWHERE), GOOD), 404, "no_such_lease"),
        *(
            Bad(f"{what} by {who}", who, sends_json(path, GOOD), status, code)
            for what, path in (
                ("taken", "/api/v1/tasks/"),
                ("sent", at(mine)),
                ("checked", at(mine, "check")),
                ("renewed", at(mine, "renew")),
                ("given back", at(mine, "return")),
            )
            for who, status, code in (
                ("anonymous", 401, "sign_in_first"),
                ("citizen", 403, "not_allowed"),
                ("operator", 403, "not_allowed"),
            )
        ),
        *(
            Bad(f"another's lease, {what}", "volunteer", sends_json(at(foreign, what), GOOD), 404, "no_such_lease")
            for what in ("check", "renew", "return")
        ),
        Bad("renewed too late", "volunteer", sends_json(at(late, "renew"), {}), 409, "lease_over"),
        Bad("renewed after giving it back", "volunteer", sends_json(at(returned, "renew"), {}), 409,
            "lease_over"),
    ]  # fmt: skip
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_a_reading_is_typed_wrong_on_the_page(stage, subtests):
    """The page says it at the field and keeps what was typed; here it is enough that nothing happens."""
    world = stage.world
    mine = people.given(world, "Vina", people.photo_of(world))
    done_photo = people.photo_of(world, "9101011001002")
    browser = stage.browsers["volunteer"]
    for typed in ("-1", "1000", "1.5", "dua", "１２", "٣", " ", "1e2", "0x10", "²"):
        fields = {"halaman": "2", "angka-paslon_1": typed, "angka-paslon_2": "1", "angka-paslon_3": "1"}
        with subtests.test(typed), nothing_changes(), nothing_forbidden_is_logged(*stage.secrets):
            answer = browser.post(f"/baca/{mine.pk}/", fields)
            assert answer.status_code == 422, answer.content
    for path in (f"/baca/{NOWHERE}/", f"/baca/{NOWHERE}/kembalikan/"):
        with subtests.test(path):
            stage.refuses(Bad(path, "volunteer", posts(path, "", FORM), 404, "no_such_lease"))
    for path in ("/baca/", f"/baca/{mine.pk}/", f"/baca/{mine.pk}/kembalikan/", f"/putusan/{done_photo.pk}/"):
        with subtests.test(path):
            stage.refuses(Bad(path, "citizen", posts(path, "", FORM), 403, "not_allowed"))
            with nothing_changes():
                answer = stage.browsers["anonymous"].post(path)
            assert answer.status_code == 302
            assert answer["Location"].startswith("/akun/masuk/" if "/masuk/" in answer["Location"] else "/akun/login/")
