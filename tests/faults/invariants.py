"""What holds after every fault (TRUST section 5, I1 to I9), looked at from inside the instance.

    python -m tests.faults.invariants <history> <state folder>

prints each breach as a line. Run with the instance's environment, once it is quiet.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")
django.setup()

from aggregation import audit  # noqa: E402
from aggregation.models import Delta  # noqa: E402
from ledger.models import Event, Unsequenced  # noqa: E402
from tests.faults import history  # noqa: E402
from transcription.models import Decision, Entry, Lease, PairTally, Ruling  # noqa: E402
from uploads import storage  # noqa: E402
from uploads.models import Photo, PublicCopy  # noqa: E402

MOVING = (Photo.Step.INSPECT, Photo.Step.QUEUE, Photo.Step.DECIDE, Photo.Step.RECORD)


def breaches(told: list[dict[str, Any]], state: Path) -> Iterator[str]:
    yield from receipts([line for line in told if line["what"] == "photo"])
    yield from everything_has_moved()
    yield from nobody_twice()
    yield from acknowledged_readings([line for line in told if line["what"] == "entry"])
    yield from one_entry_for_each_change()
    for difference in audit.differences():  # I5: decisions, results, tallies, documents and the log itself
        yield f"I5 {difference}"
    yield from public_objects(state)
    yield from logs(state, told)


def receipts(told: list[dict[str, Any]]) -> Iterator[str]:
    """I1: each receipt has one row, and its bytes are sealed. I2: one key, one receipt."""
    rows = {row.receipt: row for row in Photo.objects.select_related("station")}
    for line in told:
        row = rows.get(line["receipt"].replace("-", ""))
        promised = line["photo"], line["sha256"], line["station"]
        if row is None or (str(row.pk), row.sha256, row.station.code) != promised:
            yield f"I1 receipt {line['receipt']} has no row"
        elif len(storage.read_original(row.sha256)) != line["size"]:  # raises where the hash differs
            yield f"I1 receipt {line['receipt']}: other bytes"
    by_key = {(line["key"], line["receipt"]) for line in told}
    if len(by_key) != len({line["key"] for line in told}):
        yield "I2 a key has two receipts"
    if twice := [key for key, n in Counter(Photo.objects.values_list("station", "sha256")).items() if n > 1]:
        yield f"I2 rows twice: {twice}"
    # A phone that never got its first answer has no cookie yet; its bytes are known all the same.
    if Photo.objects.count() != len({line["key"] for line in told}):
        yield f"I2 {Photo.objects.count()} rows for {len({line['key'] for line in told})} keys"


def everything_has_moved() -> Iterator[str]:
    """I3: nothing stands still that should move, nothing waits for the folder, nobody holds a lease for ever."""
    for photo in Photo.objects.filter(step__in=MOVING):
        yield f"I3 photo {photo.pk} stands at {photo.step}"
    if waiting := Delta.objects.count():
        yield f"I3 {waiting} deltas wait"
    if waiting := Unsequenced.objects.count():
        yield f"I3 {waiting} events wait"
    without = Photo.objects.exclude(pk__in=PublicCopy.objects.values("photo"))
    if missing := without.count():
        yield f"I3 {missing} photos without public copies"


def nobody_twice() -> Iterator[str]:
    """I4: nobody reads a photo twice or one they sent; no pair decides more than three TPS."""
    for (photo, account), n in Counter(Entry.objects.values_list("photo", "account")).items():
        if n > 1:
            yield f"I4 account {account} read photo {photo} {n} times"
    for account, n in Counter(Lease.objects.filter(end="").values_list("account", flat=True)).items():
        if n > 1:
            yield f"I4 account {account} holds {n} leases"
    for pair, n in Counter(PairTally.objects.values_list("first", "second", "election")).items():
        if n > 3:
            yield f"I4 pair {pair} settled {n} TPS"


def acknowledged_readings(told: list[dict[str, Any]]) -> Iterator[str]:
    """I7: no acknowledged reading is missing or another one."""
    rows = {str(entry.pk): entry for entry in Entry.objects.all()}
    for line in told:
        row = rows.get(line["id"])
        if row is None or (str(row.lease_id), row.numbers) != (line["lease"], line["numbers"]):
            yield f"I7 reading {line['id']} is not as acknowledged"


def public_objects(state: Path) -> Iterator[str]:
    """I9: the public place holds nothing but copies of photos that have a row."""
    known = set(Photo.objects.values_list("sha256", flat=True))
    for path in (state / "objects" / "public").rglob("*"):
        if path.is_file() and path.parent.name not in known:
            yield f"I9 {path.name} belongs to no photo"


def one_entry_for_each_change() -> Iterator[str]:
    """I6: every row of evidence has its one entry, and every entry its row; `audit` checks the log in itself."""
    for kind, ids in {
        "photo": Photo.objects.values_list("pk", flat=True),
        "copies": PublicCopy.objects.values_list("photo", flat=True).distinct(),
        "reading": Entry.objects.values_list("pk", flat=True),
        "ruling": Ruling.objects.values_list("pk", flat=True),
        "decision": Decision.objects.values_list("pk", flat=True),
    }.items():
        if Counter(map(str, ids)) != Counter(Event.objects.filter(kind=kind).values_list("subject", flat=True)):
            yield f"I6 rows and entries of kind {kind} differ"


# The supervisor shows the sample accounts to whoever started it, as it must.
SHOW_ACCOUNTS = {"services.log", "prepare.log"}
# I8: file names, numbers before their decision, addresses, cookies.
FORBIDDEN = re.compile(r"rahasia|paslon_\d|@contoh\.test|103\.\d+\.\d+\.7|sessionid|csrftoken", re.IGNORECASE)


def logs(state: Path, told: list[dict[str, Any]]) -> Iterator[str]:
    secrets = {line[name] for line in told for name in ("receipt", "key") if name in line}
    for path in (state / "log").glob("*.log"):
        if path.name in SHOW_ACCOUNTS:
            continue
        text = path.read_text(errors="replace")
        if found := FORBIDDEN.search(text):
            yield f"I8 {path.name} says {found[0]}"
        if any(secret in text for secret in secrets):
            yield f"I8 {path.name} holds a receipt or a key"


if __name__ == "__main__":
    for breach in breaches(history.read(Path(sys.argv[1])), Path(sys.argv[2])):
        print(breach)
