"""Readings, and the numbers of rulings, stand sealed in the log until a decision opens them.

The log is public at once, and nobody may see another's reading of a photo before its decision. So a
`reading` entry carries only `sealed`, SHA-256(salt || canonical JSON of what was read), with 32 random
bytes of salt kept beside the reading; the `decision` entry opens all readings it looked at. What was read
cannot be changed between the two, and cannot be guessed from the log: the salt is longer than any guess.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import rfc8785

SALT_BYTES = 32


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def what_was_read(
    *, page: int | None, numbers: Mapping[str, int | str] | None, problem: str, tps: str = ""
) -> dict[str, Any]:
    """The sealed part of a reading: `{"page", "val"}`, or `{"problem"}` with the page where it is known.

    With `tps` where it was asked which TPS is written on the form.
    """
    said: dict[str, Any] = {} if page is None else {"page": page}
    said |= {"tps": tps} if tps else {}
    return said | ({"problem": problem} if numbers is None else {"val": dict(numbers)})


def what_was_ruled(
    *, page: int | None, numbers: Mapping[str, int | str] | None, tps: str = ""
) -> dict[str, Any] | None:
    """The sealed part of a ruling: `{"page", "val"}` where it accepts numbers, `{"tps"}` where it moves; else none."""
    if numbers is not None:
        return {"page": page, "val": dict(numbers)}
    return {"tps": tps} if tps else None


def seal(salt: bytes, said: Mapping[str, Any]) -> str:
    """The value of a field `sealed`; `said` comes from `what_was_read` or `what_was_ruled`."""
    return "sha256:" + hashlib.sha256(bytes(salt) + rfc8785.dumps(dict(said))).hexdigest()


def opening(entry_id: UUID, salt: bytes, said: Mapping[str, Any]) -> dict[str, Any]:
    """One item of a decision's field `opens`."""
    return {"id": str(entry_id), "salt": bytes(salt).hex(), "said": dict(said)}


def fits(opened: Mapping[str, Any], sealed: str) -> bool:
    """Whether an item of `opens` is what was sealed."""
    return seal(bytes.fromhex(opened["salt"]), opened["said"]) == sealed
