"""Inventing what a TPS's papers say: seeded, consistent, within what three boxes can hold."""

import random
from collections.abc import Mapping, Sequence

from pemantau.replay.shots import KOSONG, ROWS_LPJ, UNREADABLE, VOTES, Party, Value

SLIPS_OF_KPPS = 0.02  # of the party pages: the sum on paper is not the sum of what stands above it


def whole_paper(code: str, known: Mapping[str, Value], seed: int) -> dict[str, Value]:
    """All 28 numbers of a TPS, consistent among themselves; known ones stand as they are."""
    chance = random.Random(f"paper/{seed}/{code}")  # noqa: S311  # a play, not a secret
    votes = [int(known.get(key, chance.randint(20, 90))) for key in VOTES]
    valid = int(known.get("suara_sah", sum(votes)))
    invalid = int(known.get("suara_tidak_sah", chance.choice((0, 1, 2, 3, 5, 8))))
    users = int(known.get("suara_total", valid + invalid))
    moved, late = chance.choice((0, 0, 2, 5, 9)), chance.choice((0, 1, 3))
    invented: dict[str, Value] = dict(zip(VOTES, votes, strict=True))
    invented |= {"suara_sah": valid, "suara_tidak_sah": invalid, "suara_total": users, "pengguna_j": users}
    invented |= {"pengguna_dptb_j": min(moved, users), "pengguna_dpk_j": min(late, max(0, users - moved))}
    invented["pengguna_dpt_j"] = max(0, users - moved - late)
    invented["dpt_j"] = users + chance.randint(10, 40)
    return with_first_page(code, invented | dict(known), seed)


def dpr_paper(code: str, parties: Sequence[Party], seed: int) -> dict[str, Value]:
    """All numbers of a TPS's DPR form. Votes are drawn: nothing is published of DPR by TPS.

    Few parties have most of the votes, and few candidates most of a party's. Now and then KPPS add up wrongly, which
    stays as it is written.
    """
    chance = random.Random(f"dpr/{seed}/{code}")  # noqa: S311  # a play, not a secret
    weights = [chance.paretovariate(0.8) for _ in parties]
    votes = chance.randint(120, 240)
    paper: dict[str, Value] = {}
    for party, drawn in zip(parties, _drawn(votes, weights, chance), strict=True):
        *own, total = party.fields
        for key, number in zip(own, _drawn(drawn, [chance.paretovariate(0.7) for _ in own], chance), strict=True):
            paper[key] = number
        paper[total] = drawn + (1 if chance.random() < SLIPS_OF_KPPS else 0)
    valid = sum(int(paper[party.fields[-1]]) for party in parties)
    invalid = chance.choice((0, 3, 8, 15))
    known = {
        "suara_sah": valid,
        "suara_tidak_sah": invalid,
        "suara_total": valid + invalid,
        "pengguna_j": valid + invalid,
    }
    users = valid + invalid
    known |= {"pengguna_dptb_j": chance.choice((0, 0, 2)), "pengguna_dpk_j": chance.choice((0, 1, 3))}
    known |= {"pengguna_dpt_j": users - known["pengguna_dptb_j"] - known["pengguna_dpk_j"]}
    known |= {"dpt_j": users + chance.randint(10, 40)}
    return with_first_page(code, paper | known, seed)


def _drawn(votes: int, weights: Sequence[float], chance: random.Random) -> list[int]:
    """So many votes, each for one of them by weight."""
    found = [0] * len(weights)
    for choice in chance.choices(range(len(weights)), weights, k=votes):
        found[choice] += 1
    return found


def with_first_page(code: str, known: Mapping[str, Value], seed: int) -> dict[str, Value]:
    """The known numbers and, invented around them, the rest of page 1.

    Where the sum of men and women is known, the two are made to fit it; where nothing is known of a row,
    its boxes are empty.
    """
    chance = random.Random(f"page 1/{seed}/{code}")  # noqa: S311  # a play, not a secret
    paper = dict(known)
    paper.setdefault("disabilitas_j", chance.choice((0, 0, 0, 0, 1, 2, 4)))
    for row in ROWS_LPJ:
        if row == "pengguna":
            _add_up_users(paper)
        men, women, both = (paper.get(f"{row}_{column}", KOSONG) for column in "lpj")
        if isinstance(both, int):
            if men == KOSONG:
                men = both - women if isinstance(women, int) else int(both * _share_of_men(paper, chance))
            if women == KOSONG:
                women = both - men if isinstance(men, int) else UNREADABLE
        paper |= {f"{row}_l": _written(men), f"{row}_p": _written(women), f"{row}_j": _written(both)}
    _ballots(paper, chance)
    return paper


def _share_of_men(paper: Mapping[str, Value], chance: random.Random) -> float:
    """As in the register, so that no more men or women voted than there are; about a half where it is not known."""
    men, both = paper.get("dpt_l"), paper.get("dpt_j")
    if isinstance(men, int) and isinstance(both, int) and 0 < men < both:
        return men / both
    return chance.uniform(0.4, 0.6)


def _add_up_users(paper: dict[str, Value]) -> None:
    """B.4 for men and women from B.1 to B.3, where the paper's own totals add up."""
    rows = [[paper[f"pengguna_{kind}_{column}"] for kind in ("dpt", "dptb", "dpk")] for column in "lpj"]
    if not all(isinstance(value, int) for row in rows for value in row):
        return
    men, women, both = (sum(int(value) for value in row) for row in rows)
    if paper.get("pengguna_j") == both:
        paper.setdefault("pengguna_l", men)
        paper.setdefault("pengguna_p", women)


def _ballots(paper: dict[str, Value], chance: random.Random) -> None:
    voters, used = paper["dpt_j"], paper["pengguna_j"]
    if not isinstance(voters, int) or not isinstance(used, int):
        return
    received = max(voters + -(-voters * 2 // 100), used)
    spoilt = min(received - used, chance.choice((0, 0, 0, 1, 2)))
    paper["surat_diterima"] = _written(received)
    paper["surat_digunakan"] = used
    paper["surat_dikembalikan"] = spoilt
    paper["surat_tidak_digunakan"] = _written(received - used - spoilt)


def _written(value: Value) -> Value:
    """What three boxes can hold; anything else is a scrawl that nobody reads."""
    return value if isinstance(value, str) or 0 <= value <= 999 else UNREADABLE
