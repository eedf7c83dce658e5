"""Rules that look at more than the numbers of one form: R16 across the ballots of a TPS, R18 across a form's photos,
R13 at what stands beside a number on its photo.

They stand beside the numbers of a TPS and change none of them. A result stays a function of its own photos alone, so
what the other ballots say is judged anew whenever a TPS is shown.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aggregation.evidence import Evidence
from tps.form_definitions import FormDefinition, for_contest
from tps.models import Contest
from tps.rules import Kind, Verdict
from transcription.entries import Value
from uploads import page_tags
from uploads.models import PageTag

# I.A, I.B.1 and I.B.3: the same people get every ballot.
SAME_ON_ALL = tuple(f"{row}_{column}" for row in ("dpt", "pengguna_dpt", "pengguna_dpk") for column in "lpj")
# I.B.2: who votes away from home gets fewer ballots, and the president's always.
FEWER_BELOW = tuple(f"pengguna_dptb_{column}" for column in "lpj")
OF_MOVED_VOTERS = "aturan KPU tentang pindah memilih"


@dataclass(frozen=True)
class Ballot:
    """What stands of one contest at a TPS. Numbers on which photos differ are left out."""

    contest: Contest
    numbers: Mapping[str, Value]

    @classmethod
    def of(cls, contest: Contest, numbers: Mapping[str, Value], disputed: Collection[str]) -> "Ballot":
        return cls(contest, {key: value for key, value in numbers.items() if key not in disputed})

    def figure(self, key: str) -> int | None:
        value = self.numbers.get(key)
        return value if isinstance(value, int) else None


def across_ballots(ballot: Ballot, others: Iterable[Ballot]) -> list[Verdict]:
    """R16: this ballot held against each other one of the same TPS, as far as both numbers stand."""
    found = []
    for other in others:
        for key in SAME_ON_ALL:
            found.append(_compare("equal", key, ballot, other))
        if other.contest.kind == Contest.Kind.PPWP:
            found += [_compare("at_most", key, ballot, other) for key in FEWER_BELOW]
        elif ballot.contest.kind == Contest.Kind.PPWP:
            found += [_compare("at_most", key, other, ballot) for key in FEWER_BELOW]
    return [verdict for verdict in found if verdict]


def _compare(kind: Kind, key: str, ballot: Ballot, other: Ballot) -> Verdict | None:
    figure, term = ballot.figure(key), other.figure(key)
    if figure is None or term is None:
        return None
    mine, theirs = f"{ballot.contest.code}.{key}", f"{other.contest.code}.{key}"
    equal = kind == "equal"
    difference = figure - term if equal else max(0, figure - term)
    between = "sama dengan" if equal else "tidak lebih dari"
    name = for_contest(ballot.contest).field(key).name
    return Verdict(
        rule="R16",
        holds=difference == 0,
        severity="soft",
        formula=f"{mine} {'=' if equal else '≤'} {theirs}",
        inputs={mine: figure, theirs: term},
        difference=difference,
        source=OF_MOVED_VOTERS,
        kind=kind,
        title=f"{name}: {ballot.contest.name} {between} {other.contest.name}",
    )


def of_bubbles(form: FormDefinition, found: Sequence[Evidence], seen: Mapping[UUID, PageTag]) -> list[Verdict]:
    """R13, as far as a program can see it: each number that was read is the one whose bubbles are filled beside it.

    A box whose bubble was not seen says nothing, and is taken to be as it was read. Row tallies and words, of which R13
    speaks too, nobody is asked for.
    """
    verdicts = []
    for one in found:
        if not one.stands or one.present is None or one.present.page is None or not form.has_page(one.present.page):
            continue
        page, tag = form.page(one.present.page), seen.get(one.photo.pk)
        if tag is None or tag.tag != page.tag:
            continue  # what is filled is another page's
        for key, said in page_tags.bubbles_on(page, tag.bubbles).items():
            value = (one.present.numbers or {}).get(key)
            if not isinstance(value, int):
                continue
            read = f"{value:0{len(said)}d}"
            term = int("".join(b if b.isdecimal() else digit for b, digit in zip(said, read, strict=True)))
            bubbles = f"bulatan_{key}"
            verdicts.append(
                Verdict(
                    rule="R13",
                    holds=value == term,
                    severity="soft",
                    formula=f"{key} = {bubbles}",
                    inputs={key: value, bubbles: term},
                    difference=value - term,
                    source="bulatan yang tercetak di bawah kotak angka",
                    kind="equal",
                    title=f"{form.field(key).name} = bulatan yang dihitamkan",
                )
            )
    return verdicts


def of_one_form(form: FormDefinition, found: Sequence[Evidence], tags: Mapping[UUID, int | None]) -> list[Verdict]:
    """R18: each photo that counts carries the tag of the page that was read from it. `tags`: photo -> tag, if seen.

    A tag that was not found says nothing. Whether a page is of this TPS, its readers say: others are moved away.
    """
    verdicts = []
    for one in found:
        page = one.present.page if one.stands and one.present else None
        seen = tags.get(one.photo.pk)
        if page is None or seen is None or not form.has_page(page) or (wanted := form.page(page).tag) is None:
            continue
        verdicts.append(
            Verdict(
                rule="R18",
                holds=seen == wanted,
                severity="soft",
                formula="tanda_di_foto = tanda_halaman",
                inputs={"tanda_di_foto": seen, "tanda_halaman": wanted},
                difference=seen - wanted,
                source="tanda yang tercetak di setiap halaman",
                kind="equal",
                title=f"Tanda di foto = tanda halaman yang dibaca ({form.page(page).label})",
            )
        )
    return verdicts
