"""Photos that look alike: every real pair gets its flag, nobody is accused, and the index finds what a scan finds."""

import csv
import io
import itertools
import random
import uuid
from collections.abc import Iterator

import pytest
from PIL import Image

from pemantau import pipeline
from tests.transcription.reading import photo_of
from tests.transcription.test_pages import tagged
from tests.uploads.test_page_tags import real
from uploads import inspection, likeness, reuse, second_looks, tag_reader
from uploads.decoder import shrunk
from uploads.marks import Mark
from uploads.models import Alike, Likeness


def looks(picture: Image.Image) -> tuple[int | None, dict[str, str]]:
    """The page tag and the hashes, as the decoder's child makes them."""
    upright = shrunk(picture.convert("RGB"), 2560)
    tag = tag_reader.read(upright)
    hashes = likeness.regions(upright, tag["corners"]) if tag else {}
    return tag and tag["id"], hashes | {"whole": likeness.whole(upright, tag["turn"] if tag else 0)}


def apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def is_alike(one, other) -> bool:
    """What `reuse.find_alike` should find."""
    return any(
        apart(text, other[1][region]) <= reuse.REGIONS[region].alike
        for region, text in one[1].items()
        if region in other[1] and (region == "whole" or one[0] == other[0])
    )


@pytest.fixture(scope="module")
def reused(shared) -> tuple[list[dict[str, str]], dict[str, tuple]]:
    """The pairs of `hostile/reuse`, and what each picture looks like."""
    folder = shared / "hostile" / "reuse"
    with open(folder / "PAIRS.csv") as file:
        pairs = list(csv.DictReader(file))
    seen = {}
    for name in {pair[side] for pair in pairs for side in "ab"}:
        with Image.open(folder / name) as picture:
            seen[name] = looks(picture)
    return pairs, seen


@pytest.fixture(scope="module")
def honest(shared) -> list[tuple]:
    """What the real photos look like."""
    found = []
    for path, _page in real(shared):
        with Image.open(path) as picture:
            found.append(looks(picture))
    return found


def test_every_pair_of_a_reused_photo_gets_its_flag(reused):
    pairs, seen = reused
    for pair in pairs:
        expected = pair["expected"] != "must_not_flag"
        assert is_alike(seen[pair["a"]], seen[pair["b"]]) == expected, pair


def test_the_hash_of_the_whole_is_the_one_that_was_measured(reused):
    """But for two bits, since ours is made from the largest public size, and upright."""
    pairs, seen = reused
    for pair in pairs:
        if "rot90" not in pair["b"]:
            ours = apart(seen[pair["a"]][1]["whole"], seen[pair["b"]][1]["whole"])
            assert abs(ours - int(pair["phash256"])) <= 2, pair


def test_none_of_the_7140_pairs_of_real_photos_is_accused_and_none_is_near_it(honest):
    pairs = list(itertools.combinations(honest, 2))
    assert len(pairs) == 7140
    closest = {
        region: min(
            apart(one[1][region], other[1][region]) for one, other in pairs if region in one[1] and region in other[1]
        )
        for region in reuse.REGIONS
    }
    assert closest["whole"] >= 28
    assert closest["figures"] >= 20 + reuse.REGIONS["figures"].alike
    assert closest["writing"] >= 16 + reuse.REGIONS["writing"].alike


def test_most_of_the_real_photos_are_known_again_cut_turned_and_saved_anew(shared, honest):
    chance = random.Random(1)
    found = 0
    for (path, _page), seen in zip(real(shared)[::6], honest[::6], strict=True):
        with Image.open(path) as file:
            picture = file.convert("RGB").rotate(chance.uniform(-3, 3), expand=True, resample=Image.Resampling.BICUBIC)
        width, height = picture.size
        picture = picture.crop((int(width * 0.03), int(height * 0.02), int(width * 0.98), int(height * 0.95)))
        picture.thumbnail((1200, 1200))
        found += is_alike(seen, looks(picture))
    assert found >= 15  # of 20; a page that curls is found less surely


def test_the_child_says_the_same(shared):
    path, _page = real(shared)[0]
    derived = inspection.derive(path.read_bytes())
    with Image.open(path) as picture:
        tag, hashes = looks(picture)
    assert (derived.tag.tag, derived.hashes) == (tag, hashes)


# --- The index ------------------------------------------------------------------------------


def with_errors(text: str, errors: int, chance: random.Random) -> str:
    return f"{int(text, 16) ^ sum(1 << bit for bit in chance.sample(range(256), errors)):064x}"


@pytest.mark.parametrize("region", reuse.REGIONS)
def test_no_pair_within_the_limit_is_missed_by_the_bands(region):
    chance = random.Random(region)
    limit = reuse.REGIONS[region].alike
    assert limit < 2 * reuse.REGIONS[region].bands
    for _ in range(200):
        text = f"{chance.getrandbits(256):064x}"
        other = with_errors(text, limit, chance)
        assert set(reuse._keys("x", region, text)) & set(reuse._probes("x", region, other))


def looking_like(world, text: str, station: str = "9101011001001", region: str = "whole", tag=None):
    photo = photo_of(world, station, opened=False)
    if tag:
        tagged(photo, tag)
    reuse.keep(photo, {region: text})
    reuse.find_alike(photo)
    return photo


def pairs() -> Iterator[tuple[set[uuid.UUID], int]]:
    for pair in Alike.objects.all():
        yield {pair.first_id, pair.second_id}, pair.bits


@pytest.mark.parametrize(("errors", "found"), [(0, 1), (12, 1), (13, 0)])
def test_a_photo_of_another_tps_within_12_bits_is_a_near_duplicate(world, errors, found):
    text = f"{random.Random(2).getrandbits(256):064x}"
    first = looking_like(world, text)
    second = looking_like(world, with_errors(text, errors, random.Random(3)), "9101011001002")
    assert list(pairs()) == [({first.pk, second.pk}, errors)] * found
    for photo in (first, second):
        assert second_looks.marks_of(photo) == [Mark.NEAR_DUPLICATE] * found
    reuse.find_alike(second)
    assert Alike.objects.count() == found


def test_of_the_same_tps_it_is_known_and_no_mark(world):
    text = "0f" * 32
    first, second = looking_like(world, text), looking_like(world, text)
    assert [both for both, _ in pairs()] == [{first.pk, second.pk}]
    assert second_looks.marks_of(first) == second_looks.marks_of(second) == []


def test_regions_of_other_pages_are_not_compared(world):
    looking_like(world, "0f" * 32, region="figures", tag=101)
    looking_like(world, "0f" * 32, "9101011001002", region="figures", tag=102)
    assert not Alike.objects.exists()
    looking_like(world, "0f" * 32, "9101011001003", region="figures", tag=102)
    assert Alike.objects.count() == 1


def test_a_photo_sent_a_thousand_times_makes_few_pairs(world):
    for _ in range(reuse.MOST_PAIRS + 5):
        last = looking_like(world, "0f" * 32)
    mine = [both for both, _ in pairs() if last.pk in both]
    assert len(mine) == reuse.MOST_PAIRS


def test_of_many_copies_those_of_another_tps_are_told_first(world):
    original = looking_like(world, "0f" * 32)
    for _ in range(reuse.MOST_PAIRS + 5):
        last = looking_like(world, "0f" * 32, "9101011001002")
        assert {original.pk, last.pk} in [set(both) for both, _ in pairs()]
        assert reuse.is_near_duplicate(last)


# --- Through the pipeline -------------------------------------------------------------------


@pytest.mark.django_db
def test_a_photo_sent_again_cut_and_turned_for_another_tps_is_marked_and_not_refused(world, folder, sending, shared):
    name = "pilpres-2024-hal2"
    content = (shared / "hostile" / "reuse" / f"{name}.jpg").read_bytes()
    cut = (shared / "hostile" / "reuse" / f"{name}__crop10.jpg").read_bytes()
    first, _ = pipeline.receive(sending(world, content, page=2))
    second, _ = pipeline.receive(sending(world, cut, page=2, station=world.stations["9101011001002"]))
    for photo in (first, second):
        pipeline.inspect(str(photo.pk))
    for photo in (first, second):
        pipeline.open_to_readers(str(photo.pk))
    second.refresh_from_db()
    assert second.step == second.Step.READ
    assert Mark.NEAR_DUPLICATE in second_looks.marks_of(second)
    assert Likeness.objects.filter(photo=second).count() == 3


@pytest.mark.django_db
def test_the_same_bytes_look_the_same_without_being_decoded_again(world, folder, sending, monkeypatch):
    first, _ = pipeline.receive(sending(world))
    pipeline.inspect(str(first.pk))
    other, _ = pipeline.receive(sending(world, station=world.stations["9101011001002"]))
    monkeypatch.setattr(inspection.Decoder, "ask", None)
    pipeline.inspect(str(other.pk))
    pipeline.open_to_readers(str(other.pk))
    assert second_looks.marks_of(other) == [Mark.REUSED, Mark.NEAR_DUPLICATE]


def test_hashes_that_are_none_are_not_believed(monkeypatch):
    file = io.BytesIO()
    Image.new("RGB", (30, 30)).save(file, "PNG")
    from tests.uploads.test_inspection import on_disk

    said, body = inspection._decoder().ask("copies", on_disk(file.getvalue()))
    for hashes in ({"whole": "x" * 64}, {"elsewhere": "0" * 64}):
        monkeypatch.setattr(inspection.Decoder, "ask", lambda *_, now=hashes: (said | {"hashes": now}, body))
        with pytest.raises(inspection.Unreadable):
            inspection.derive(b"")


@pytest.mark.usefixtures("as_app")
def test_the_application_may_look_for_what_is_alike(world):
    looking_like(world, "0f" * 32)
    looking_like(world, "0f" * 32, "9101011001002")
    assert Alike.objects.count() == 1
