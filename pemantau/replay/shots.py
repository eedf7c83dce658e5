"""What is going to be photographed, and what a careful reader sees on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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


def page_of(numbers: Numbers, page: int) -> dict[str, Value]:
    """All fields of one page; what the paper does not say is an empty box."""
    return {key: numbers.get(key, KOSONG) for key in PAGES[page]}
