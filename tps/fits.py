"""Which regions fit what somebody typed, best first.

1. Each typed word becomes the few words of the nation's names that it may stand for: itself, longer words that begin
   with it (the last one, still being typed), else words one or two slips away.
2. The index gives the regions that have one of those for every typed word, at least one in their own name.
3. Those few are compared in full: words of the name left out, slips, the kind of place that was said, nearness.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from tps import wording
from tps.models import NATION, Centroid, Election, Region, above
from tps.wording import Asked

MOST_REGIONS = 200  # that are compared in full
MOST_BEGINNINGS = 40
MOST_SPELLINGS = 60
SHORTEST_BEGINNING = 3

# What makes a fit worse; what counts is how they compare with each other.
SLIP = 1.0
BEGINNING = 0.5  # the word goes on after what was typed
WORD_NOT_TYPED = 0.4
WORD_ABOVE = 0.1  # stands in the name of what the region lies in
OTHER_KIND = 0.3

Meanings = dict[str, float]  # a word of the nation's names -> how much worse than the word itself


@dataclass(frozen=True)
class Fit:
    """A region that fits, with the names of the regions above it, nearest first."""

    code: str
    name: str
    within: tuple[str, ...]
    number_in_name: bool  # the number that was typed stands in the name: SP 2
    badness: float


@dataclass
class _Words:
    """What each typed word may stand for; `pairs`: where it and the next one may be one word; `needless`: where it may
    be a mistyped "desa", and say nothing."""

    meanings: list[Meanings]
    needless: set[int] = field(default_factory=set)
    pairs: dict[int, str] = field(default_factory=dict)


def regions(asked: Asked, of: Election, near: str = "") -> list[Fit]:
    """At most `MOST_REGIONS` regions with TPS in this election. At most eight queries, as a rule three.

    `near`: the code of a region or TPS; of those that fit equally well the nearest comes first.
    """
    if not asked.words or (len(asked.words) == 1 and len(asked.words[0]) < 2):
        return []
    words = _known(asked.words)
    if not all(words.meanings):
        _add_spellings(asked.words, words, only_unknown=True)
    found = _candidates(words, of, near)
    if not found:
        # A slip may have made another word that exists.
        _add_spellings(asked.words, words, only_unknown=False)
        _leave_out_kinds(asked.words, words)
        found = _candidates(words, of, near)
    return _compared(found, asked, words, near)


# --- What a word may stand for ------------------------------------------------------------------


def _known(typed: Sequence[str]) -> _Words:
    """Words that are right, and for the last one those that begin with it. One query."""
    pairs = dict(wording.joined(typed))
    last = typed[-1]
    begins = last if len(last) >= SHORTEST_BEGINNING and not last.isdigit() else None
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT word, true FROM tps_spelling WHERE word = ANY (%s)
               UNION ALL
               (SELECT word, false FROM tps_spelling WHERE word > %s AND word < %s
                ORDER BY regions DESC, word LIMIT %s)""",
            [[*typed, *pairs.values()], begins, f"{begins}\U0010ffff", MOST_BEGINNINGS],
        )
        found = cursor.fetchall()
    known = {word for word, as_typed in found if as_typed}
    longer = [word for word, as_typed in found if not as_typed]
    meanings: list[Meanings] = [{word: 0.0} if word in known else {} for word in typed]
    for word in longer:
        meanings[-1].setdefault(word, BEGINNING)
    words = _Words(meanings, pairs={place: pair for place, pair in pairs.items() if pair in known})
    _leave_out_kinds([word if not one else "" for word, one in zip(typed, meanings, strict=True)], words)
    return words


def _add_spellings(typed: Sequence[str], words: _Words, *, only_unknown: bool) -> None:
    """Words that may have been meant where what was typed is none, or none that leads anywhere."""
    wanted = [
        place
        for place, word in enumerate(typed)
        if wording.most_slips(word) and not (only_unknown and words.meanings[place].get(word) == 0)
    ]
    near = _nearest({typed[place] for place in wanted}, all_far=not only_unknown)
    for place in wanted:
        for word, slips in near[typed[place]].items():
            words.meanings[place].setdefault(word, SLIP * slips)


def _leave_out_kinds(typed: Sequence[str], words: _Words) -> None:
    """Words that may be a mistyped "desa" need not stand in any name, as long as another word is left."""
    needless = {place for place, word in enumerate(typed) if wording.may_be_a_kind(word)}
    if len(needless) < len(typed):
        words.needless = needless


def _nearest(typed: Iterable[str], *, all_far: bool) -> dict[str, dict[str, int]]:
    """Known words at most as many slips away as may be, the nearest and most frequent ones. At most two queries."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    forms = {word: wording.slips(word) for word in typed}
    if not forms:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT typed.word, s.word FROM unnest(%s::text[], %s::text[]) AS typed(word, slips)
               CROSS JOIN LATERAL (SELECT word, regions FROM tps_spelling
                                   WHERE slips && string_to_array(typed.slips, ' ')) AS s
               ORDER BY s.regions DESC, s.word""",
            [list(forms), [" ".join(slips) for slips in forms.values()]],
        )
        _keep_near(cursor.fetchall(), found)
        far = [word for word in forms if (all_far or not found[word]) and wording.most_slips(word) > 1]
        if far:
            cursor.execute(
                """SELECT typed.word, s.word FROM unnest(%s::text[]) AS typed(word)
                   CROSS JOIN LATERAL tps_spellings_like(typed.word) AS s(word)""",
                [far],
            )
            _keep_near(cursor.fetchall(), found)
    return found


def _keep_near(pairs: Iterable[tuple[str, str]], found: dict[str, dict[str, int]]) -> None:
    for typed, word in pairs:
        slips = wording.distance(typed, word)
        if slips <= wording.most_slips(typed):
            found[typed][word] = slips
    for typed, words in found.items():
        found[typed] = dict(sorted(words.items(), key=lambda item: item[1])[:MOST_SPELLINGS])


# --- The regions that have them -----------------------------------------------------------------


def _candidates(words: _Words, of: Election, near: str) -> list[str]:
    """Codes of regions with a meaning of every typed word, one at least in their own name. One query, or none."""
    each = list(enumerate(words.meanings))
    ways = [each]
    for place, pair in words.pairs.items():
        ways.append([*each[:place], (place, {pair: 0.0}), *each[place + 2 :]])
    needed = [[meanings for place, meanings in way if place not in words.needless] for way in ways]
    readings = [meanings for meanings in needed if meanings and all(meanings)]
    if not readings:
        return []
    conditions, values = [], []
    for meanings in readings:
        parts = ["w.own && %s", *["w.words && %s"] * len(meanings)]
        conditions.append(f"({' AND '.join(parts)})")
        values += [sorted(set().union(*meanings)), *(list(one) for one in meanings)]
    right = sorted({word for meanings in readings for one in meanings for word, worse in one.items() if worse == 0})
    nearness = " + ".join(["(left(w.region_id, %s) = %s)::int"] * 4)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT w.region_id FROM tps_regionwords w
                JOIN tps_extent e ON e.region_id = w.region_id AND e.election_id = %s
                WHERE {" OR ".join(conditions)}
                ORDER BY w.own && %s DESC, {nearness} DESC, cardinality(w.own), length(w.region_id), w.region_id
                LIMIT %s""",  # noqa: S608 (made of constants)
            [
                of.pk,
                *values,
                right,
                *(value for length in (2, 4, 6, 10) for value in (length, near[:length])),
                MOST_REGIONS,
            ],
        )
        return [code for (code,) in cursor.fetchall()]


# --- Compared in full ---------------------------------------------------------------------------


def _compared(codes: Sequence[str], asked: Asked, words: _Words, near: str) -> list[Fit]:
    """The regions, best first. One query, two where nearness counts."""
    wanted = {higher for code in codes for higher in (*above(code), code)} - {NATION}
    names = dict(Region.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}
    found = []
    for code in codes:
        line = [names[higher] for higher in (*above(code), code) if higher in names]
        found.append(
            Fit(
                code=code,
                name=names[code],
                within=tuple(reversed(line[:-1])),
                number_in_name=asked.number is not None
                and not asked.marked
                and str(asked.number) in wording.forms(names[code]),
                badness=_badness(line, asked, words),
            )
        )
    far = _distances(codes, near)
    return sorted(
        found,
        key=lambda fit: (
            round(fit.badness, 2),
            -_common(fit.code, near),
            far.get(fit.code[:6], math.inf),
            len(fit.code),
            fit.code,
        ),
    )


def _badness(line: Sequence[str], asked: Asked, words: _Words) -> float:
    """How badly the typed words fit a region, given its name after those above it; 0 is its name as it is."""
    worse, covered, place = 0.0, set[str](), 0
    while place < len(words.meanings):
        meanings, step = words.meanings[place], 1
        best = _best(meanings, line, asked.levels.get(place))
        if place in words.pairs:
            pair = _best({words.pairs[place]: 0.0}, line, asked.levels.get(place))
            if pair and (not best or pair[0] <= best[0]):
                best, step = pair, 2
        if best:
            worse += best[0]
            covered |= best[1]
        elif place not in words.needless:
            worse += 2 * SLIP
        place += step
    missing = wording.proper_words(line[-1]) - covered
    return worse + WORD_NOT_TYPED * len(missing)


def _best(meanings: Mapping[str, float], line: Sequence[str], level: int | None) -> tuple[float, frozenset[str]] | None:
    """The best of what a typed word may stand for in these names, and the words of the own name that it covers."""
    best: tuple[float, frozenset[str]] | None = None
    for number, name in enumerate(line, start=1):
        forms, own = wording.forms(name), number == len(line)
        extra = (0.0 if own else WORD_ABOVE) + (OTHER_KIND if level and level != number else 0.0)
        for word in forms.keys() & meanings.keys():
            worse = meanings[word] + extra
            if best is None or worse < best[0]:
                best = worse, forms[word] if own else frozenset()
    return best


def _distances(codes: Sequence[str], near: str) -> dict[str, float]:
    """How far the districts of these regions are from that of `near`, as far as their middles are known."""
    if len(near) < 6:
        return {}
    districts = {code[:6] for code in (*codes, near) if len(code) >= 6}
    points = {
        code: (latitude / 100, longitude / 100)
        for code, latitude, longitude in Centroid.objects.filter(pk__in=districts).values_list(
            "pk", "latitude", "longitude"
        )
    }
    here = points.get(near[:6])
    return {code: math.dist(point, here) for code, point in points.items()} if here else {}


def _common(code: str, near: str) -> int:
    """How deep the smallest region is that both lie in: 0 the nation, 4 the village."""
    return sum(code[:length] == near[:length] for length in (2, 4, 6, 10) if len(code) >= length <= len(near))
