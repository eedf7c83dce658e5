"""What a careful adjudicator says about a case."""

from collections.abc import Mapping
from typing import Any

from pemantau.replay.shots import Shot


def ruling_on(shot: Shot, case: Mapping[str, Any]) -> dict[str, Any]:
    """Accept the right numbers where each was read by somebody; otherwise have the photo read again."""
    entries = [entry for entry in case["entries"] if entry["numbers"] and entry["page"] == shot.page]
    read = {(key, value) for entry in entries for key, value in entry["numbers"].items()}
    if all(number in read for number in shot.numbers.items()):
        return {"verdict": "accept", "reason": "", "page": shot.page, "numbers": dict(shot.numbers)}
    return {"verdict": "reopen", "reason": "", "note": ""}
