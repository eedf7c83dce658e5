"""Photos that look like a new one, among half a million of one page of one contest: a million hashes.

Ours: `reuse.find_alike`, by the index over the bands of each hash. Yardstick: counting the differing bits of all
hashes, which needs no index and finds the same. The hashes are drawn bit by bit with the frequencies of the 120 real
photos of `../shared/forms` (or PEMANTAU_SHARED): forms look alike, so that bands are far from evenly spread. Of the
photos asked for, every other one is a copy of some photo, at the most bits that still count. Growth: at a tenth of it.
"""

import io
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _database import ROOT, nation, private_database, run, switch_guards
from _readers import SENDER, photos

ASKED = int(os.environ.get("ASKED", "100"))
SIZE = int(os.environ.get("SIZE", "500000"))
REGIONS = ("whole", "figures")
TARGET = 0.1
SHARED = Path(os.environ.get("PEMANTAU_SHARED", ROOT.parent / "shared"))


def frequencies() -> dict[str, list[float]]:
    """How often each bit is 1, by region, on the real photos."""
    from PIL import Image

    from uploads import likeness, tag_reader

    seen: dict[str, list[int]] = {region: [] for region in REGIONS}
    for path in sorted((SHARED / "forms").glob("*.jpg")):
        with Image.open(path) as picture:
            if tag := tag_reader.read(picture):
                seen["whole"].append(int(likeness.whole(picture, tag["turn"]), 16))
                seen["figures"].append(int(likeness.regions(picture, tag["corners"])["figures"], 16))
    return {
        region: [sum(one >> bit & 1 for one in found) / len(found) for bit in range(256)]
        for region, found in seen.items()
    }


def store(contest_id: int, often: dict[str, list[float]], start: int, stop: int) -> None:
    """What these photos look like, by COPY."""
    import numpy as np
    from django.db import connection

    from uploads import reuse

    draw = np.random.default_rng(start)
    ids = [
        row[0]
        for row in run(
            "SELECT id FROM uploads_photo WHERE receipt LIKE 'R%%' ORDER BY id OFFSET %s LIMIT %s",
            [start, stop - start],
        )
    ]
    run("DROP INDEX likeness_by_band")
    with connection.cursor() as cursor:
        for region in REGIONS:
            of = f"{contest_id}/whole" if region == "whole" else f"{contest_id}/{region}/None"
            for at in range(0, len(ids), 10_000):
                some = ids[at : at + 10_000]
                bits = draw.random((len(some), 256)) < np.array(often[region])[::-1]
                lines = io.StringIO()
                for photo, row in zip(some, np.packbits(bits, axis=1), strict=True):
                    text = row.tobytes().hex()
                    keys = ",".join(map(str, reuse._keys(of, region, text)))
                    lines.write(f"{photo}\t{region}\t{text}\t{{{keys}}}\n")
                lines.seek(0)
                cursor.copy_expert("COPY uploads_likeness (photo_id, region, hash, bands) FROM STDIN", lines)
    run("CREATE INDEX likeness_by_band ON uploads_likeness USING gin (bands)")
    run("VACUUM ANALYZE uploads_likeness")


def asked_for(contest, chance: random.Random) -> list:
    """New photos, every other one a copy of some photo, with what they look like."""
    from tps.models import PollingStation
    from uploads import reuse
    from uploads.models import Photo

    known = run("SELECT photo_id FROM uploads_likeness WHERE region = 'whole' ORDER BY random() LIMIT %s", [2 * ASKED])
    station = PollingStation.objects.filter(election="besar").first()
    made = []
    switch_guards("DISABLE", "uploads_photo")
    for number in range(ASKED):
        hashes = dict(run("SELECT region, hash FROM uploads_likeness WHERE photo_id = %s", known[number]))
        for region, text in hashes.items():
            errors = reuse.REGIONS[region].alike if number % 2 else 128  # a copy, or like nothing
            changed = sum(1 << bit for bit in chance.sample(range(256), errors))
            hashes[region] = f"{int(text, 16) ^ changed:064x}"
        photo = Photo.objects.create(
            station=station, contest=contest, page=2, sha256=f"{chance.getrandbits(256):064x}", size=1, width=1,
            height=1, media_type="image/jpeg", device_id=SENDER, receipt=f"A{chance.getrandbits(50)}"[:17],
        )  # fmt: skip
        reuse.keep(photo, hashes)
        made.append(photo)
    switch_guards("ENABLE", "uploads_photo")
    return made


def scan(photo) -> int:
    """How many look like it, by counting all."""
    return run(
        """
        SELECT count(DISTINCT other.photo_id) FROM uploads_likeness mine JOIN uploads_likeness other USING (region)
         WHERE mine.photo_id = %s AND other.photo_id <> mine.photo_id
           AND bit_count(('x' || other.hash)::bit(256) # ('x' || mine.hash)::bit(256))
               <= CASE region WHEN 'whole' THEN 12 ELSE 20 END
        """,
        [photo.pk],
    )[0][0]


def measured(photos_: list) -> list[float]:
    from uploads import reuse

    times = []
    for photo in photos_:
        start = time.perf_counter()
        reuse.find_alike(photo)
        times.append(time.perf_counter() - start)
    return times


def found_for(photo) -> int:
    return run("SELECT count(*) FROM uploads_alike WHERE first_id = %(p)s OR second_id = %(p)s", {"p": photo.pk})[0][0]


def main() -> None:
    with private_database():
        from accounts.models import Device

        contest = nation(SIZE)
        Device.objects.create(pk=UUID(int=1))
        photos(contest, 0, SIZE)
        often = frequencies()
        chance = random.Random(1)
        store(contest.pk, often, 0, SIZE // 10)
        small = statistics.median(measured(asked_for(contest, chance)))
        store(contest.pk, often, SIZE // 10, SIZE)
        asked = asked_for(contest, chance)
        times = measured(asked)
        scans, missed = [], 0
        for photo in asked[:10]:
            start = time.perf_counter()
            missed += scan(photo) != found_for(photo)
            scans.append(time.perf_counter() - start)
        ours, yardstick = statistics.median(times), statistics.median(scans)
        late = statistics.quantiles(times, n=20)[18]
        rows, size = run("SELECT count(*), pg_size_pretty(pg_relation_size('likeness_by_band')) FROM uploads_likeness")[
            0
        ]
    print(
        f"{rows:,} hashes, index {size}: {ours * 1000:.1f} ms, p95 {late * 1000:.1f} ms; scan {yardstick * 1000:.0f} ms"
    )
    print(f"at a tenth: {small * 1000:.1f} ms; {missed} of 10 differ from the scan")
    ok = ours <= TARGET * yardstick and not missed
    result = {"name": "alike", "ours": round(ours * 1000, 1), "yardstick": round(yardstick * 1000), "target": TARGET}
    print(json.dumps(result | {"ratio": round(ours / yardstick, 4), "growth": round(ours / small, 2), "ok": ok}))


if __name__ == "__main__":
    main()
