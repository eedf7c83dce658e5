"""The places of an election as the public API shows them: regions, TPS, names, sums."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pemantau.replay.browser import Browser, UnexpectedAnswer

NATION = "nasional"
APPEARS_WITHIN_SECONDS = 180


@dataclass(frozen=True)
class Tree:
    """All published documents from one region down to its villages, by code."""

    top: str
    documents: dict[str, dict[str, Any]]

    def villages(self) -> Iterator[dict[str, Any]]:
        return (document for document in self.documents.values() if document["children_level"] == "tps")

    def stations(self) -> dict[str, int | None]:
        """Code of each TPS -> its registered voters, where known."""
        return {
            child["code"]: child["registered_voters"] for village in self.villages() for child in village["children"]
        }

    def names(self, station: str) -> dict[str, str]:
        """Names of the regions above a TPS, by level: provinsi, kabupaten, kecamatan, kelurahan."""
        return {place["level"]: place["name"] for place in self.documents[station[:10]]["path"]}


def document_path(election: str, contest: str, code: str) -> str:
    return f"/api/v1/results/{election}/{contest}/{code}/"


def read(browser: Browser, election: str, contest: str, top: str = NATION) -> Tree:
    """Read the documents of a region and of everything below it that votes."""
    documents: dict[str, dict[str, Any]] = {}
    waiting = [top]
    while waiting:
        code = waiting.pop()
        document = browser.document(document_path(election, contest, code), "region document")
        documents[code] = document
        if document["children_level"] != "tps":
            waiting += [child["code"] for child in document["children"] if child["stations"]]
    return Tree(top, documents)


def wait_for(browser: Browser, election: str, contest: str, top: str, stations: int) -> None:
    """Wait until the platform shows so many TPS in a region: the folder looks for new ones from time to time."""
    deadline = time.monotonic() + APPEARS_WITHIN_SECONDS
    shown = 0
    while shown != stations:
        if time.monotonic() > deadline:
            raise UnexpectedAnswer(f"{election} shows {shown} TPS in {top}, not {stations}")
        answer = browser.get(document_path(election, contest, top))
        shown = answer.json()["stations"] if answer.status_code == 200 else 0
        time.sleep(0.2)
