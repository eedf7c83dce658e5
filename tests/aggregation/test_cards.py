"""The card shown with a shared link: present numbers, never without how much of them is counted."""

import io
import re

import pytest
from django.utils import translation
from PIL import Image, ImageChops

from aggregation import card_pages, cards, page_memory
from tests.aggregation.evidence import fold, read
from tests.aggregation.pictures import child, document, parties
from tps.models import Region

CARD = "/kartu/contoh/ppwp/{}.png"
MOST_BYTES = 60_000


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()


def card_of(counted=5, stations=10, votes=(50, 30, 20), **fields):
    return cards.of_region(document([child(votes=votes, counted=counted, stations=stations)], **fields))


def picture(card):
    return Image.open(io.BytesIO(cards.png(card))).convert("RGB")


# --- The picture ----------------------------------------------------------------------------


def test_the_same_document_gives_the_same_bytes_in_any_language():
    once = cards.png(card_of())
    with translation.override("en"):
        again = cards.png(card_of())
    assert once == again
    assert once != cards.png(card_of(votes=(51, 30, 20)))


def test_it_has_the_size_that_is_asked_for_and_is_light():
    options = [{**one, "name": one["name"] + " yang Panjang Sekali Namanya"} for one in parties(24)]
    votes = {one["key"]: 1000 + one["number"] for one in options}
    many = document([child() | {"sums": votes}], options=options)
    for card in (card_of(), cards.of_region(many), card_of(name="X" * 120)):
        drawn = cards.png(card)
        assert Image.open(io.BytesIO(drawn)).size == (1200, 630)
        assert len(drawn) <= MOST_BYTES


@pytest.mark.parametrize("options", [3, 5, 18, 24])
def test_no_line_with_a_share_is_without_the_coverage(options):
    """Two cards of the same shares and different coverage: every line that has a share differs to its right."""

    def drawn(counted):
        named = parties(options)
        sums = {one["key"]: 100 for one in named}
        return picture(cards.of_region(document([child(counted=counted) | {"sums": sums}], options=named)))

    different = ImageChops.difference(drawn(5), drawn(8)).convert("L").point(lambda value: 255 if value > 60 else 0)
    columns = 1 if options <= cards.ONE_COLUMN else 2
    rows = -(-options // columns)
    if columns == 1:
        height = min(96, (536 - 246) // rows)
        boxes = [(600, 246 + n * height, 1200, 246 + (n + 1) * height) for n in range(rows)]
    else:
        height = (528 - 242) // rows
        boxes = [(x, 242 + n * height, x + 560, 242 + (n + 1) * height) for x in (56, 640) for n in range(options // 2)]
    assert all(different.crop(box).getbbox() for box in boxes)
    above, below = different.crop((0, 150, 1200, 228)), different.crop((0, 546, 1200, 630))
    assert above.getbbox()
    assert below.getbbox()


def test_the_coverage_is_as_large_as_the_shares():
    """Ink of the band's words is as high as that of the largest figure of a share."""
    image = picture(card_of())
    band = image.crop((20, 152, 600, 228)).point(lambda value: 255 - value)
    share = image.crop((644, 240, 820, 340)).point(lambda value: 255 - value)
    heights = []
    for part in (band, share):
        dark = part.convert("L").point(lambda value: 255 if value > 120 else 0)
        _left, top, _right, bottom = dark.getbbox()
        heights.append(bottom - top)
    assert heights[0] >= heights[1]


def test_what_it_says():
    card = card_of(counted=1234, stations=10_000)
    assert card.coverage == "12,3\u00a0% TPS terhitung"
    assert card.behind == "1.234 dari 10.000 TPS"
    assert card.beside == "dari 12,3\u00a0% TPS"
    assert card.foot == "14 Februari 2029, 15.00 WIB · versi 7"
    said = cards.description(card)
    assert said.startswith(
        "12,3\u00a0% TPS terhitung (1.234 dari 10.000 TPS). 1. Paslon 1 50,0\u00a0% dari 12,3\u00a0%"
    )
    assert said.endswith("Bukan hasil resmi.")


def test_times_are_those_of_the_place():
    assert "17.00 WIT" in card_of(code="91", name="Papua").foot


def test_before_anything_is_counted_it_names_no_share():
    card = card_of(counted=0, votes=(0, 0, 0), changed_at=None)
    assert card.coverage == "Belum ada TPS terhitung"
    assert "%" not in cards.description(card).replace("0,0\u00a0%", "")
    assert cards.png(card)


# --- Its address ----------------------------------------------------------------------------


def test_a_card_is_drawn_once_and_then_costs_no_query(world, client, django_assert_num_queries, monkeypatch):
    read(world)
    fold()
    answer = client.get(CARD.format("91"))
    assert answer["Content-Type"] == "image/png"
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies
    monkeypatch.setattr(cards, "png", lambda card: pytest.fail("drawn twice"))
    with django_assert_num_queries(0):
        again = client.get(CARD.format("91") + "?v=12")
    assert again.content == answer.content
    with django_assert_num_queries(0):
        assert client.get(CARD.format("91"), headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_card_follows_the_numbers_every_ten_seconds(world, client):
    read(world)
    fold()
    first = client.get(CARD.format("nasional"))
    read(world, world.stations["9101011001002"])
    fold()
    same = client.get(CARD.format("nasional"))
    assert (same["ETag"], same.content) == (first["ETag"], first.content)
    again = client.get(CARD.format("nasional"), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    card_pages.cache.delete("card:contoh/ppwp/nasional:drawn")  # as if ten seconds had gone by
    second = client.get(CARD.format("nasional"), headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]
    assert second.content != first.content


def test_the_card_of_a_tps(world, client):
    read(world)
    answer = client.get(CARD.format(f"tps/{world.station.code}"))
    assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)
    document = client.get(f"/api/v1/results/contoh/ppwp/tps/{world.station.code}/").json()
    card = cards.of_station(document)
    assert card.place == "TPS 001, Desa 1"
    assert card.coverage == "Satu TPS: sebagian"
    assert card.behind == "1 dari 3 halaman terbaca"
    assert {row.number: row.share for row in card.rows}[1] == pytest.approx(101 / 209, abs=1e-5)
    empty = cards.of_station(client.get("/api/v1/results/contoh/ppwp/tps/9101011001003/").json())
    assert [row.share for row in empty.rows] == [None, None, None]
    assert cards.png(empty)


@pytest.mark.parametrize(
    "address", ["99", "9" * 11, "nasional/..", "tps/9101011001", "tps/9999999999999", "nasional%00", "9101"]
)
def test_unknown_places_have_no_card(world, client, address):
    fold()
    known = address == "9101"
    assert client.get(CARD.format(address)).status_code == (200 if known else 404)
    assert client.get(CARD.format("91").replace("contoh", "x")).status_code == 404


# --- What the page says of itself -----------------------------------------------------------


def meta(html):
    return dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', html))


def test_metadata_of_a_region_and_a_tps(world, client, settings, rf):
    from django.template import Context, Template

    Region.objects.filter(code="91").update(name='Contoh "Raya" <b>')
    read(world)
    fold()
    for document_address, page, card in (
        ("/api/v1/results/contoh/ppwp/91/", "/hasil/contoh/ppwp/91/", "/kartu/contoh/ppwp/91.png"),
        (
            f"/api/v1/results/contoh/ppwp/tps/{world.station.code}/",
            f"/hasil/contoh/ppwp/tps/{world.station.code}/",
            f"/kartu/contoh/ppwp/tps/{world.station.code}.png",
        ),
    ):
        document = client.get(document_address).json()
        canonical = settings.SITE_ORIGIN + page
        html = Template("{% load sharing %}{% share_meta %}").render(
            Context({"document": document, "canonical": canonical})
        )
        said = meta(html)
        assert f'<link rel="canonical" href="{canonical}">' in html
        assert said["og:url"] == canonical
        assert said["og:image"] == f"{settings.SITE_ORIGIN}{card}?v={document['version']}"
        assert (said["og:image:width"], said["og:image:height"]) == ("1200", "630")
        assert said["twitter:card"] == "summary_large_image"
        assert said["og:description"].startswith(("20,0\u00a0% TPS terhitung", "Satu TPS: sebagian"))
        assert "<b>" not in html
        assert client.get(said["og:image"].removeprefix(settings.SITE_ORIGIN)).status_code == 200
