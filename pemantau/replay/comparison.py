"""Holding everything the public sees against the papers: every region, every TPS, and the pages behind them."""

import hashlib
import random
from collections.abc import Iterator

from pemantau.replay import places
from pemantau.replay.browser import Browser
from pemantau.replay.places import Tree
from pemantau.replay.stage import Stage
from pemantau.replay.truth import differences_at_station, differences_in_region


def compare(stage: Stage, public: Browser) -> Iterator[str]:
    """Sentences about every number that is not as it must be, from the nation down to each TPS."""
    play = stage.play
    tree = places.read(public, play.election, play.contest, play.top)
    for code, document in sorted(tree.documents.items()):
        yield from differences_in_region(play.papers, code, document, ballot=play.ballot)
    for above in tree.documents[play.top]["path"][:-1]:
        document = public.document(places.document_path(play.election, play.contest, above["code"]))
        yield from differences_in_region(play.papers, above["code"], document, whole=False, ballot=play.ballot)
    yield from differences_in_files(stage, public, tree)
    shown = set(tree.stations())
    for code in sorted(shown ^ play.papers.keys()):
        yield f"TPS {code} is {'shown, but unknown' if code in shown else 'not shown'}"
    photos = {photo: sent.shot for photo, sent in stage.album.all().items()}
    for code in sorted(shown & play.papers.keys()):
        document = public.document(station_path(stage, code), "TPS document")
        numbers = {field["key"]: field["value"] for field in document["fields"]}
        yield from differences_at_station(code, play.papers[code], numbers, play.ballot)
        for photo in document["photos"]:
            if photos.pop(photo["id"], None) is None:
                yield f"TPS {code}: photo {photo['id']} was not sent"
            elif photo["state"] != "accepted":
                yield f"TPS {code}: photo {photo['id']} is {photo['state']}"
    for photo, shot in photos.items():
        yield f"TPS {shot.station}: photo {photo} of page {shot.page} is not shown"


def differences_in_files(stage: Stage, public: Browser, tree: Tree) -> Iterator[str]:
    """The published files, followed from their pointer, are what the names say, and the documents of the API."""
    folder = f"/dokumen/{stage.play.election}/{stage.play.contest}"
    pointer = public.document(f"{folder}/terbaru.json")
    way = [above["code"] for above in tree.documents[tree.top]["path"]]
    waiting = {places.NATION: pointer["document"]}
    while waiting:
        code, name = waiting.popitem()
        answer = public.get(f"{folder}/{code}/{name}.json")
        if answer.status_code != 200:
            yield f"file of {code}: {answer.status_code}"
            continue
        if not name.endswith(hashlib.sha256(answer.content).hexdigest()[:16]):
            yield f"file of {code}: not the bytes of its name"
        content = answer.json()
        if code in tree.documents and content != tree.documents[code]:
            yield f"file of {code}: not what the API says"
        below = {child["code"]: child["document"] for child in content["children"] if "document" in child}
        waiting |= {code: name for code, name in below.items() if code in tree.documents or code in way}


def look_at_pages(stage: Stage, public: Browser, stations: int) -> tuple[int, list[str]]:
    """Open the pages of some TPS, and every photo and picture they lead to; how many, and which do not answer."""
    chance = random.Random(f"pages/{stage.seed}")  # noqa: S311  # a play, not a secret
    photographed = sorted(code for code, numbers in stage.play.papers.items() if numbers)
    looked, unreachable = 0, []
    for code in chance.sample(photographed, min(stations, len(photographed))):
        document = public.document(station_path(stage, code))
        links = [f"/hasil/{stage.play.election}/{stage.play.contest}/tps/{code}/"]
        for photo in document["photos"]:
            links.append(f"/foto/{photo['id']}/")
            links += photo["pictures"].values()
        for link in links:
            looked += 1
            status = public.get(link.removeprefix(public.base)).status_code
            if status != 200:
                unreachable.append(f"{link}: {status}")
    return looked, unreachable


def station_path(stage: Stage, code: str) -> str:
    return f"/api/v1/results/{stage.play.election}/{stage.play.contest}/tps/{code}/"
