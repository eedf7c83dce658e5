"""Names of places as words: how they are written, shortened, counted and mistyped. Pure; no database.

What is usual besides the names themselves stands in `tps/abbreviations.yaml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import yaml

LONGEST = 80
MOST_WORDS = 10

_FILE = Path(__file__).parent / "abbreviations.yaml"
_APOSTROPHES = re.compile("['`´‘’]")
_WORD = re.compile(r"[^\W_]+")
_MARKED_NUMBER = re.compile(r"\btps\W{0,3}(?:no\W{0,2}|nomor\W{0,2})?([0-9]{1,3})\b")
_NUMBER = re.compile(r"[0-9]{1,3}")
_ROMAN = dict(zip(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"), map(str, range(1, 11)), strict=True))
# Said beside a number, or instead of nothing; no place is looked for because of them.
_EMPTY = {"tps", "no", "nomor"}
# Shorter ones are too near to too many others.
SHORTEST_MISTYPED = 3


@dataclass(frozen=True)
class Asked:
    """What somebody typed, taken apart: words of names, each with the level it was said to be of, and a TPS number."""

    words: tuple[str, ...]
    levels: Mapping[int, int] = field(default_factory=dict)  # position in `words` -> level of the region meant
    number: int | None = None
    marked: bool = False  # "tps" stood before the number: it is no part of a name


@dataclass(frozen=True)
class Abbreviations:
    kinds: Mapping[str, int]
    names: Mapping[tuple[str, ...], tuple[str, ...]]  # words after each other -> how else they are written


@cache
def abbreviations() -> Abbreviations:
    """The file, read once."""
    content = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    names = {tuple(name.split()): tuple(dict.fromkeys(others)) for name, others in content["names"].items()}
    return Abbreviations(content["kinds"], names)


def words_of(text: str) -> list[str]:
    """The words of a name or of what was typed, in small letters: "MORO'O/Tiro, 2" is moroo, tiro, 2."""
    return _WORD.findall(_APOSTROPHES.sub("", text.lower()))


@lru_cache(maxsize=10_000)
def forms(name: str) -> Mapping[str, frozenset[str]]:
    """All that stands for a name or a part of it, each with the words of the name that it stands for.

    Its words, what they are shortened to, words written as one ("sukamaju" for SUKA MAJU), 2 for II.
    """
    words = words_of(name)
    found = {word: {word} for word in words}

    def add(form: str, parts: Sequence[str]) -> None:
        found.setdefault(form, set()).update(parts)

    for word in words:
        if word in _ROMAN and words[0] != word:
            add(_ROMAN[word], [word])
    proper = [word for word in words if word not in abbreviations().kinds]
    for first, second in pairwise(proper):
        add(first + second, [first, second])
    if len(proper) > 2:
        add("".join(proper), proper)
    for start in range(len(words)):
        for end in range(start + 1, min(start + 3, len(words)) + 1):
            part = tuple(words[start:end])
            for other in abbreviations().names.get(part, ()):
                add(other, part)
    # Some names are written short in the list itself: GN. BINTANG AWAI.
    for word in words:
        for other in _long_forms().get(word, ()):
            add(other, [word])
    return {form: frozenset(parts) for form, parts in found.items()}


@cache
def _long_forms() -> Mapping[str, tuple[str, ...]]:
    """The other way round, for single words: gn -> gunung."""
    found: dict[str, list[str]] = {}
    for name, others in abbreviations().names.items():
        for other in others if len(name) == 1 else ():
            found.setdefault(other, []).append(name[0])
    return {other: tuple(names) for other, names in found.items()}


def proper_words(name: str) -> frozenset[str]:
    """The words of a name without those that only say its kind (KOTA BANDUNG: bandung)."""
    words = words_of(name)
    return frozenset(word for word in words if word not in abbreviations().kinds) or frozenset(words)


# --- What was typed -----------------------------------------------------------------------------


def read(text: str) -> Asked:
    """Take apart what somebody typed: "Kel. Cipete Utara, TPS 012" is cipete (a village), utara, and 12."""
    text = text.lower()
    marked = _MARKED_NUMBER.search(text)
    if marked:
        text = f"{text[: marked.start()]} {text[marked.end() :]}"
    typed = words_of(text)
    if not typed:
        return Asked((), number=int(marked[1]) if marked else None, marked=bool(marked))
    words = [word for word in typed if word not in _EMPTY]
    number = int(marked[1]) if marked else None
    if not marked:
        numbers = [place for place, word in enumerate(words) if _NUMBER.fullmatch(word) and word.isascii()]
        if numbers and len(words) > 1:  # a number alone is all that there is of a name
            number = int(words.pop(numbers[-1]))
    words = words[:MOST_WORDS]
    named, levels = _without_kinds(words)
    return Asked(tuple(named), levels, number, bool(marked))


def _without_kinds(words: Sequence[str]) -> tuple[list[str], dict[int, int]]:
    """The words without those that say a kind, and which kind was said of the word after them."""
    kinds = abbreviations().kinds
    if all(word in kinds or word.isdigit() for word in words):
        return list(words), {}  # "desa": then it is what the place is called
    named: list[str] = []
    levels: dict[int, int] = {}
    for word in words:
        if word in kinds:
            levels[len(named)] = kinds[word]
        else:
            named.append(word)
    levels.pop(len(named), None)
    return named, levels


@lru_cache(maxsize=10_000)
def may_be_a_kind(word: str) -> bool:
    """Whether it is one slip away from a word that only says a kind: deas, kecmatan."""
    return any(len(kind) > 3 and distance(word, kind) == 1 for kind in abbreviations().kinds)


def joined(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Two words after each other written as one, each with the position of the first."""
    for place, (first, second) in enumerate(pairwise(words)):
        yield place, first + second


# --- Slips --------------------------------------------------------------------------------------


def slips(word: str) -> list[str]:
    """The word itself and what is left of it without one of its letters; [] where it is too short.

    Two words that are one slip apart (a letter missing, doubled, wrong, or changed with its neighbour) share one of
    these, so an index of them finds what was meant without comparing with every word there is.
    """
    if len(word) < SHORTEST_MISTYPED or word.isdigit():
        return []
    return [word, *dict.fromkeys(word[:place] + word[place + 1 :] for place in range(len(word)))]


def most_slips(word: str) -> int:
    """How many slips may be in a word of this length before it is another word."""
    return 0 if len(word) < SHORTEST_MISTYPED or word.isdigit() else 1 if len(word) < 5 else 2


def distance(one: str, other: str) -> int:
    """How many slips are between two words: letters missing, too many, wrong, or changed with their neighbours."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, before, row = before, row, [i]
        for j, there in enumerate(other, start=1):
            least = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]
