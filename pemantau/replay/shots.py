"""What is going to be photographed, and what a careful reader sees on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

Value = int | str
Numbers = Mapping[str, Value]

KOSONG = "kosong"
UNREADABLE = "tidak_terbaca"
HIGHEST = 999  # three boxes

VOTES = ("paslon_1", "paslon_2", "paslon_3")
SUMS = ("suara_sah", "suara_tidak_sah", "suara_total")
ROWS_LPJ = ("dpt", "pengguna_dpt", "pengguna_dptb", "pengguna_dpk", "pengguna", "disabilitas")
BALLOTS = ("surat_diterima", "surat_digunakan", "surat_dikembalikan", "surat_tidak_digunakan")
PAGES: dict[int, tuple[str, ...]] = {
    1: (*(f"{row}_{column}" for row in ROWS_LPJ for column in "lpj"), *BALLOTS),
    2: VOTES,
    3: SUMS,
}


@dataclass(frozen=True)
class Ballot:
    """What stands on which page of a contest's form, as the play knows it."""

    pages: Mapping[int, tuple[str, ...]]
    votes: tuple[str, ...]  # the numbers that add up to suara sah

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """All numbers of the form."""
        return tuple(key for page in self.pages.values() for key in page)

    @cached_property
    def summed(self) -> tuple[str, ...]:
        """Of rows with men, women and both, only both are summed."""
        alone = {f"{row}_{column}" for row in ROWS_LPJ for column in "lp"}
        return tuple(key for key in self.fields if key not in alone)


PPWP = Ballot(PAGES, VOTES)


@dataclass(frozen=True)
class Party:
    """A party of a dapil: its number and name, and its candidates' names in the order of their numbers, from 1."""

    number: int
    name: str
    candidates: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        key = f"partai_{self.number}"
        return (key, *(f"{key}_calon_{n}" for n in range(1, len(self.candidates) + 1)), f"{key}_jumlah")


def dpr_ballot(parties: Sequence[Party]) -> Ballot:
    """DPR: a page of data, one for each party, one of sums."""
    pages = {1: PAGES[1]} | {number: party.fields for number, party in enumerate(parties, start=2)}
    return Ballot(pages | {len(parties) + 2: SUMS}, tuple(party.fields[-1] for party in parties))


@dataclass(frozen=True)
class Shot:
    """One photo that a citizen will send."""

    station: str
    claimed: int  # the page that the citizen says it is
    page: int  # the page that it shows
    numbers: Numbers  # what stands on that page
    picture: Callable[[], bytes]  # makes or fetches the JPEG; may be called in another process


@dataclass(frozen=True)
class Play:
    """One election night: which photos are sent, and what stands on the papers of each TPS."""

    title: str
    election: str
    contest: str
    shots: list[Shot]
    # Every TPS there -> what its photographed pages say; empty where no photo is sent.
    papers: Mapping[str, Numbers] = field(default_factory=dict)
    top: str = "nasional"  # all of them lie in this region; elsewhere nobody sends anything
    ballot: Ballot = PPWP


def page_of(numbers: Numbers, page: int, ballot: Ballot = PPWP) -> dict[str, Value]:
    """All fields of one page; what the paper does not say is an empty box."""
    return {key: numbers.get(key, KOSONG) for key in ballot.pages[page]}
