"""What people type when they look for a TPS: the names of a village and of what it lies in, as fingers write them.

`queries` draws them from regions with a seed: words in any order, one or two slips (a letter missing, doubled, changed
with its neighbour, or the key beside it), usual abbreviations, sometimes the number of a TPS. It knows nothing of how
the search works; the abbreviations below are a list of its own.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {
    key: [row[at] for at in (place - 1, place + 1) if 0 <= at < len(row)]
    for row in KEYS
    for place, key in enumerate(row)
}
SHORT = {
    "utara": ["utr", "ut"],
    "selatan": ["sel", "slt"],
    "barat": ["brt"],
    "timur": ["tim", "tmr"],
    "tengah": ["tgh", "teng"],
    "tanjung": ["tj", "tjg", "tg"],
    "sungai": ["sei", "sg"],
    "gunung": ["gn", "gng"],
    "kampung": ["kp"],
    "pulau": ["pl"],
    "bandung": ["bdg"],
    "surabaya": ["sby"],
    "semarang": ["smg"],
    "bogor": ["bgr"],
    "bekasi": ["bks"],
    "jakarta": ["jkt"],
    "yogyakarta": ["yk", "jogja"],
    "jakarta selatan": ["jaksel"],
    "jakarta barat": ["jakbar"],
    "jakarta timur": ["jaktim"],
    "tangerang selatan": ["tangsel"],
}


@dataclass(frozen=True)
class Query:
    text: str
    village: str  # the code of the village that was meant
    number: int | None


def queries(names: Mapping[str, str], villages: list[str], count: int, seed: str) -> Iterator[Query]:
    """`names`: code -> name of all regions; `villages`: the codes to choose from."""
    rng = random.Random(seed)
    for village in rng.sample(villages, count):
        yield _query(names, village, rng)


def _query(names: Mapping[str, str], village: str, rng: random.Random) -> Query:
    above = rng.choice(("kecamatan", "kabupaten"))
    parts = [_said(names[village], rng.choice(("", "", "", "kel ", "desa ", "ds ")), rng)]
    if above == "kecamatan":
        parts.append(_said(names[village[:6]], rng.choice(("", "", "kec ")), rng))
    else:
        name = names[village[:4]]
        kind = "" if name.startswith("KOTA") else rng.choice(("", "", "kab "))
        parts.append(_said(name, kind, rng))
    rng.shuffle(parts)
    words = " ".join(parts).split()
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.choice([at for at, word in enumerate(words) if len(word) > 3] or [None])
        if place is not None:
            words[place] = slipped(words[place], rng)
    number = rng.randint(1, 12) if rng.random() < 0.3 else None
    if number is not None:
        said = rng.choice((f"{number}", f"tps {number}", f"tps{number:03d}", f"{number:03d}"))
        words = [*words, said] if rng.random() < 0.6 else [said, *words]
    return Query(" ".join(words), village, number)


def _said(name: str, kind: str, rng: random.Random) -> str:
    """A name as people say it: small letters, sometimes shortened."""
    words = re.sub(r"\s+", " ", name.lower()).strip()
    if rng.random() < 0.3:
        for long, shorts in sorted(SHORT.items(), key=lambda item: -len(item[0])):
            if re.search(rf"\b{long}\b", words):
                words = re.sub(rf"\b{long}\b", rng.choice(shorts), words)
                break
    return kind + words


def slipped(word: str, rng: random.Random) -> str:
    """The word with one slip."""
    at = rng.randrange(len(word))
    match rng.choice(("missing", "doubled", "neighbours", "key beside")):
        case "missing":
            return word[:at] + word[at + 1 :]
        case "doubled":
            return word[:at] + word[at] + word[at:]
        case "neighbours":
            at = min(at, len(word) - 2)
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case _:
            return word[:at] + rng.choice(BESIDE.get(word[at], [word[at]])) + word[at + 1 :]
