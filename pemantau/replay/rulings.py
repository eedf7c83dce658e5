"""What a careful adjudicator says about a case."""

from collections.abc import Mapping
from typing import Any

from pemantau.replay.shots import Shot


def ruling_on(shot: Shot, case: Mapping[str, Any]) -> dict[str, Any]:
    """Accept the right numbers where each was read by somebody; otherwise have the photo read again.

    Readings from before a reopening do not count any more.
    """
    read = {
        number
        for entry in case["entries"]
        if entry["counts"] and entry["page"] == shot.page and entry["numbers"]
        for number in entry["numbers"].items()
    }
    if read.issuperset(shot.numbers.items()):
        return {"verdict": "accept", "reason": "one_slipped", "page": shot.page, "numbers": dict(shot.numbers)}
    return {"verdict": "reopen", "reason": "look_again"}


def look_of(shot: Shot, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What they see themselves before: the right numbers of the fields that are asked for."""
    if asked["page"] not in (None, shot.page):
        return {"problem": "wrong_form"}
    numbers = {field["key"]: shot.numbers[field["key"]] for field in asked["fields"]}
    return {"numbers": numbers, "tps": shot.station if asked["villages"] else ""}
