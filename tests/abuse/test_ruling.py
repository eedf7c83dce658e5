"""A ruling sent wrong."""

from typing import Any

from tests.abuse.stage import NOWHERE, NUMBERS, Bad, posts, sends_json
from tests.transcription import reading as people
from tests.world import World


def disputed(world: World, station: str = "9101011001001", readers: str = "Sari Budi Dewi Eko") -> Any:
    photo = people.photo_of(world, station)
    for number, name in enumerate(readers.split()):
        people.reads(world, name, photo, **(people.VOTES | {"paslon_1": number}))
    return photo


def test_a_ruling_is_sent_wrong(stage, subtests):
    world = stage.world
    photo = disputed(world)
    still_read = people.photo_of(world, "9101011001002")
    ruled = disputed(world, "9101011001003", "Fani Gilang Hana Indra")
    people.rules(world, "Hakim", ruled, "accept", page=2, numbers=people.VOTES | {"paslon_1": 1})

    people.looks(world, "Hakim", photo)

    def ruling(of: Any) -> str:
        return f"/api/v1/cases/{getattr(of, 'pk', of)}/ruling/"

    accept = {"verdict": "accept", "reason": "as_written", "page": 2, "numbers": people.VOTES | {"paslon_1": 1}}
    invented = people.VOTES | {"paslon_1": 999}
    table = [
        Bad("a number nobody read", "adjudicator", sends_json(ruling(photo), accept | {"numbers": invented}), 422,
            "nobody_read_that"),
        *(
            Bad(f"accepting {n}", "adjudicator", sends_json(ruling(photo), accept | {"numbers": numbers}), *answer)
            for n, (numbers, *answer) in NUMBERS.items()
        ),
        *(
            Bad(f"{field} {value!r}", "adjudicator", sends_json(ruling(photo), accept | {field: value}), status, code)
            for field, value, status, code in (
                ("verdict", "rahasia", 400, "invalid"),
                ("verdict", None, 400, "invalid"),
                ("reason", "rahasia", 422, "wrong_reading"),
                ("reason", "", 400, "invalid"),
                ("page", 1, 422, "wrong_reading"),
                ("page", None, 422, "wrong_reading"),
                ("numbers", None, 422, "wrong_reading"),
                ("note", "x" * 301, 400, "invalid"),
            )
        ),
        Bad("rejected without a reason", "adjudicator", sends_json(ruling(photo), {"verdict": "reject"}), 400,
            "invalid"),
        Bad("moved nowhere", "adjudicator", sends_json(ruling(photo), {"verdict": "rehome", "reason": "wrong_tps"}),
            422, "wrong_reading"),
        Bad("moved to an unknown TPS", "adjudicator", sends_json(ruling(photo),
            {"verdict": "rehome", "reason": "wrong_tps", "station": "9101011001999"}), 422, "wrong_reading"),
        Bad("moved to where it is", "adjudicator", sends_json(ruling(photo),
            {"verdict": "rehome", "reason": "wrong_tps", "station": "9101011001001"}), 422, "wrong_reading"),
        Bad("while it is being read", "adjudicator", sends_json(ruling(still_read), {"verdict": "reject",
            "reason": "blurred"}), 409, "not_a_case"),
        Bad("something else the second time", "adjudicator", sends_json(ruling(ruled), {"verdict": "reject",
            "reason": "blurred"}), 409, "already_ruled"),
        Bad("about no photo", "adjudicator", sends_json(ruling(NOWHERE), accept), 404, "no_such_photo"),
        Bad("half a JSON", "adjudicator", posts(ruling(photo), '{"verdict":'), 400, "parse_error"),
        *(
            Bad(f"by {who}", who, sends_json(ruling(photo), accept), status, code)
            for who, status, code in (
                ("anonymous", 401, "sign_in_first"),
                ("citizen", 403, "not_allowed"),
                ("volunteer", 403, "not_allowed"),
                ("operator", 403, "not_allowed"),
            )
        ),
    ]  # fmt: skip
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)
