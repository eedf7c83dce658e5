"""What the rule lets through: invented readers read invented papers, and three rules publish from the same readings.

Pure: no tables, no clock; the same seed gives the same report. Ours is `transcription.agreement` as it decides in
earnest. `manage.py simulate-volunteers` prints a report; docs/reading-rules.md says what one said.
"""

import csv
import gzip
import math
import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

from tps import form_definitions
from transcription import agreement, consensus
from transcription.accuracy import FIRST_TASKS, GOLD_AT_FIRST, GOLD_LATER, SLIP, SURE, honest_share, wrong_that_show
from transcription.agreement import Accepted, BrokenRules, Entry, Evidence, Pair

Numbers = dict[str, int | str]
Figures = dict[str, int]

PAGES = (2, 12)  # the wall sheet's votes, of which no sum stands on the page; the A4 copy's votes and sums (R3, R4)
SUMS_OF = {2: 3}  # where the sum of a page's votes stands, if on another page

# Assumed, nobody has measured it: so many of these mistakes are the paper's, where a digit may be read in two ways,
# and on such a paper every other reader sees the same wrong one. No blind reading helps against those.
UNCLEAR = 0.10
SEEN_WRONG = 0.5
# Assumed: how the other mistakes come about, and that somebody in a hurry makes five times as many.
SLIPS = {"digit": 0.4, "look-alike": 0.2, "transposed": 0.2, "row": 0.2}
LOOK_ALIKES = dict(zip("0123456789", "6778965134", strict=True))
HURRY = 5
# PEERS section 4: shares of papers that break R3 and R4 by themselves.
PAPER_BREAKS_R3, PAPER_BREAKS_R4 = 0.05, 0.013

LINE = 5  # people in one line of invitations; of a ring each stands in a line of their own, as it would see to

GOLD_PAPERS = 200
LONGEST = 2000  # tasks

FEWER_WRONG, MOST_READINGS = 20, 2.3  # the targets of honest people


class Kind(StrEnum):
    HONEST = "honest"
    HURRIED = "hurried"
    LAZY = "lazy"
    PARTISAN = "partisan"
    RING = "ring"


@dataclass(frozen=True)
class Scenario:
    """Who reads: of each other kind a share of all, or so many (whole numbers); the rest is honest."""

    name: str
    others: Mapping[Kind, float] = field(default_factory=dict)
    unclear: float = UNCLEAR
    share_of_work: float | None = None  # the ring's, where it works more than others


SCENARIOS = (
    Scenario("honest"),
    Scenario("honest, clear paper", unclear=0.0),
    Scenario("honest, unclear 5 %", unclear=0.05),
    Scenario("honest, unclear 20 %", unclear=0.20),
    Scenario("hurried 10 %", {Kind.HURRIED: 0.10}),
    Scenario("lazy 5 %", {Kind.LAZY: 0.05}),
    Scenario("partisan 5 %", {Kind.PARTISAN: 0.05}),
    Scenario("ring 1 %", {Kind.RING: 0.01}),
    Scenario("ring 5 %", {Kind.RING: 0.05}),
    Scenario("ring of 20", {Kind.RING: 20}),
    Scenario("ring of 20, half the work", {Kind.RING: 20}, share_of_work=0.5),
    Scenario("all of them", {Kind.HURRIED: 0.10, Kind.LAZY: 0.05, Kind.PARTISAN: 0.05, Kind.RING: 0.05}),
)


def chance_of(*words: object) -> random.Random:
    """Chance that belongs to these words alone, so that nothing shifts when something else draws more."""
    return random.Random("/".join(map(str, words)))  # noqa: S311  # a play, not a secret


# --- Papers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """One page of one TPS: what stands on it, and what half the readers see in its unclear figures."""

    number: int
    figures: Figures
    unclear: Figures


@dataclass(frozen=True)
class World:
    seed: int
    page: int
    unclear: float
    papers: tuple[Paper, ...]
    gold: tuple[Paper, ...]
    broken_rules: BrokenRules
    sums: tuple[Paper, ...] = ()  # the same TPS's page with the sum of the votes, if that is another one


def world_of(
    seed: int, stations: int, page: int, unclear: float = UNCLEAR, known: Sequence[Figures] | None = None
) -> World:
    """`stations` papers, invented, or drawn from the `known` ones; and those of the gold tasks."""
    form = form_definitions.load("c-hasil-ppwp")
    chance = chance_of("which", seed)
    many = stations + GOLD_PAPERS
    drawn = chance.sample(known, many) if known else [invented(chance_of("paper", seed, n)) for n in range(many)]

    def papers_of(page: int, first: int = 0) -> list[Paper]:
        keys = [one.key for one in form.page(page).fields]
        return [_paper(seed, first + n, {key: one[key] for key in keys}, unclear) for n, one in enumerate(drawn)]

    papers, rules = papers_of(page), consensus.broken_rules_on(form)
    sums = papers_of(SUMS_OF[page], first=many)[:stations] if page in SUMS_OF else []
    return World(seed, page, unclear, tuple(papers[:stations]), tuple(papers[stations:]), rules, tuple(sums))


def _paper(seed: int, number: int, figures: Figures, unclear: float) -> Paper:
    chance = chance_of("unclear", seed, number)
    share = unclear * SLIP / SEEN_WRONG  # so that readers slip as often as ever
    return Paper(number, figures, {k: _look_alike(v, chance) for k, v in figures.items() if chance.random() < share})


def invented(chance: random.Random) -> Figures:
    """The six numbers of a TPS, most of which add up."""
    valid = min(290, max(20, round(chance.gauss(200, 45))))
    weights = [chance.gammavariate(1.5, 1) for _ in range(3)]
    first, second = (int(valid * weight / sum(weights)) for weight in weights[:2])
    figures = {"paslon_1": first, "paslon_2": second, "paslon_3": valid - first - second}
    invalid = chance.choice((0, 1, 2, 3, 5, 8))
    sah = valid + (chance.choice((-10, -1, 1, 2, 10, 100)) if chance.random() < PAPER_BREAKS_R3 else 0)
    total = sah + invalid + (chance.choice((-1, 1, 10)) if chance.random() < PAPER_BREAKS_R4 else 0)
    return figures | {"suara_sah": sah, "suara_tidak_sah": invalid, "suara_total": total}


def read_results(path: Path) -> list[Figures]:
    """Official results (`results_ppwp.csv.gz`): all TPS of which every number is there and fits its boxes."""
    columns = {f"paslon_{n}": f"paslon{n}" for n in (1, 2, 3)}
    columns |= {key: key for key in ("suara_sah", "suara_tidak_sah", "suara_total")}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = ({key: row[column] for key, column in columns.items()} for row in csv.DictReader(file))
        return [{k: int(v) for k, v in row.items()} for row in rows if all(_fits(v) for v in row.values())]


def _fits(written: str) -> bool:
    return written.isdecimal() and len(written) <= 3


# --- Readers ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    number: int
    kind: Kind
    line: int
    activity: float = 1.0  # how many photos they read, compared with others


def readers_of(scenario: Scenario, many: int) -> tuple[Reader, ...]:
    """The others first, the honest after them. Raises `ValueError` if there are more others than readers."""
    kinds = [kind for kind, share in scenario.others.items() for _ in range(_how_many(share, many))]
    if len(kinds) > many:
        raise ValueError(f"{scenario.name}: {len(kinds)} of {many} readers")
    kinds += [Kind.HONEST] * (many - len(kinds))
    ring = kinds.count(Kind.RING)
    share = scenario.share_of_work
    busy = share * (many - ring) / ((1 - share) * ring) if share else 1.0
    return tuple(
        Reader(n, kind, -n - 1, busy) if kind == Kind.RING else Reader(n, kind, n // LINE)
        for n, kind in enumerate(kinds)
    )


def _how_many(share: float, many: int) -> int:
    return share if isinstance(share, int) else max(1, round(share * many))


def reads(world: World, reader: Reader, paper: Paper) -> Figures:
    """What this reader types for this paper, whenever and under whatever rule they get it."""
    seed = world.seed
    chance = chance_of("reads", seed, reader.number, paper.number)
    if reader.kind == Kind.LAZY:
        return _lazily(seed, reader, paper, chance)
    cheats = "paslon_1" in paper.figures  # of what is moved between paslon the sum stays
    if reader.kind == Kind.PARTISAN and cheats:
        return _moved(paper.figures, _side(seed, reader.number), chance)
    if reader.kind == Kind.RING and cheats:
        return of_the_ring(seed, paper)
    slips = SLIP * (1 - world.unclear) * (HURRY if reader.kind == Kind.HURRIED else 1)
    return _with_slips(paper, slips, chance)


def _with_slips(paper: Paper, share: float, chance: random.Random) -> Figures:
    read = paper.figures | {k: wrong for k, wrong in paper.unclear.items() if chance.random() < SEEN_WRONG}
    for key in paper.figures:
        if chance.random() < share:
            _slip(read, key, chance)
    return read


def _slip(read: Figures, key: str, chance: random.Random) -> None:
    """One figure read wrongly, or taken from the next row and the other way round."""
    way = chance.choices(list(SLIPS), weights=list(SLIPS.values()))[0]
    digits, place = list(str(read[key])), 0
    if way == "row":
        keys = list(read)
        other = keys[(keys.index(key) + 1) % len(keys)]
        if read[key] != read[other]:
            read[key], read[other] = read[other], read[key]
            return
    elif way == "look-alike":
        read[key] = _look_alike(read[key], chance)
        return
    elif way == "transposed" and len(set(digits)) > 1:
        place = chance.choice([n for n in range(len(digits) - 1) if digits[n] != digits[n + 1]])
        digits[place : place + 2] = reversed(digits[place : place + 2])
        read[key] = int("".join(digits))
        return
    place = chance.randrange(len(digits))
    digits[place] = chance.choice([digit for digit in "0123456789" if digit != digits[place]])
    read[key] = int("".join(digits))


def _look_alike(value: int, chance: random.Random) -> int:
    digits = list(str(value))
    place = chance.randrange(len(digits))
    digits[place] = LOOK_ALIKES[digits[place]]
    return int("".join(digits))


def _lazily(seed: int, reader: Reader, paper: Paper, chance: random.Random) -> Figures:
    """Nothing but zeros, what they always type, or something that adds up; without a look at the photo."""
    way = chance.random()
    if way < 1 / 3:
        return dict.fromkeys(paper.figures, 0)
    numbers = invented(chance_of("habit", seed, reader.number) if way < 2 / 3 else chance)
    return {key: numbers[key] for key in paper.figures}


def of_the_ring(seed: int, paper: Paper) -> Figures:
    """What each of the ring types: the same wrong numbers, agreed upon beforehand for each photo."""
    return _moved(paper.figures, _side(seed, "ring"), chance_of("ring", seed, paper.number))


def _side(seed: int, whose: object) -> str:
    return chance_of("side", seed, whose).choice(("paslon_1", "paslon_2", "paslon_3"))


def _moved(figures: Figures, side: str, chance: random.Random) -> Figures:
    """Some of the strongest other paslon's votes given to one; the sum stays."""
    loser = max((key for key in figures if key.startswith("paslon_") and key != side), key=lambda key: figures[key])
    votes = math.ceil(figures[loser] * chance.uniform(0.1, 0.6))
    return figures | {side: figures[side] + votes, loser: figures[loser] - votes}


# --- Rules ------------------------------------------------------------------------------------


class Reading(NamedTuple):
    reader: Reader
    figures: Figures


class Visits:
    """Who comes to a photo, one after the other, and what they read there. Each rule goes through the same."""

    def __init__(self, world: World, readers: Sequence[Reader], paper: Paper) -> None:
        chance = chance_of("who", world.seed, paper.number)
        # The least of exponential times: as random as drawing people by their activity, one by one.
        self._coming = sorted(readers, key=lambda one: chance.expovariate(one.activity))
        self._world, self._paper, self.readers = world, paper, readers
        self._seen: list[Reading] = []

    def __iter__(self) -> Iterator[Reading]:
        for number in range(len(self._coming)):
            if number == len(self._seen):
                reader = self._coming[number]
                self._seen.append(Reading(reader, reads(self._world, reader, self._paper)))
            yield self._seen[number]


@dataclass(frozen=True)
class Published:
    """What a rule made of one photo: numbers, or None where it waits for readers that there are not."""

    numbers: Mapping[str, int | str] | None
    readings: tuple[Reading, ...]
    case: bool = False  # an adjudicator settled it
    pairs: tuple[Pair, ...] = ()
    elsewhere: int = 0  # readings of another page that this one gave rise to


def one_approval(visits: Visits) -> Published:
    """KawalPemilu: what the first one says stands (PEERS section 2.1)."""
    first = next(iter(visits))
    return Published(first.figures, (first,))


def any_two_equal(visits: Visits) -> Published:
    """EscrutinioSocial with double entry: as soon as any two say the same; else one more (PEERS section 2.3).

    Kinder than the original, in which the two may be one person, and whose settings ship with one reading.
    """
    said: list[Reading] = []
    for reading in visits:
        if any(reading.figures == earlier.figures for earlier in said):
            return Published(reading.figures, (*said, reading))
        said.append(reading)
    return Published(None, tuple(said))


def ours(visits: Visits, paper: Paper, world: World, together: Mapping[Pair, int], places: int) -> Published:
    """Our queue and rule for one page, and one more reader where another page does not fit (`transcription.doubts`).

    That other page is read by the same rule. What it takes counts as far as the doubt asks for it; who reads it settles
    nothing with anybody there.
    """
    decided = _page_by_ours(visits, paper, world, together, places)
    if not world.sums or decided.numbers is None:
        return decided
    other = world.sums[paper.number]
    their_visits, number = Visits(world, visits.readers, other), SUMS_OF[world.page]
    sums = _page_by_ours(their_visits, other, world, together, places, page=number)
    if sums.numbers is None or sums.numbers["suara_sah"] == _votes(decided.numbers):
        return decided
    decided = _page_by_ours(visits, paper, world, together, places, in_doubt=True)
    again = _page_by_ours(their_visits, other, world, together, places, page=number, in_doubt=True)
    return replace(decided, elsewhere=len(again.readings) + again.case - len(sums.readings) - sums.case)


def _page_by_ours(
    visits: Visits,
    paper: Paper,
    world: World,
    together: Mapping[Pair, int],
    places: int,
    *,
    page: int = 0,
    in_doubt: bool = False,
) -> Published:
    """A case before an adjudicator ends with what stands on the paper.

    `together` says how many TPS each pair has settled. The queue gives a photo to nobody whose line or capped
    partner has had it, as `transcription.queue` does; the rule is told of capped pairs, as by `consensus.load`.
    """
    said: list[Reading] = []
    for reading in visits:
        if any(_kept_apart(reading.reader, earlier.reader, together, places) for earlier in said):
            continue
        said.append(reading)
        people = [one.reader.number for one in said]
        tied = frozenset(pair for pair in combinations(sorted(people), 2) if together.get(pair, 0) >= places)
        entries = [_entry(one, number, page or world.page) for number, one in enumerate(said)]
        outcome = agreement.outcome(Evidence(entries, tied=tied, in_doubt=in_doubt), world.broken_rules)
        if outcome.adjudicator:
            return Published(paper.figures, tuple(said), case=True)
        if isinstance(outcome.stands, Accepted) and not outcome.wants:
            return Published(outcome.stands.numbers, tuple(said), pairs=outcome.stands.pairs)
    return Published(None, tuple(said))


def _kept_apart(one: Reader, other: Reader, together: Mapping[Pair, int], places: int) -> bool:
    pair = (min(one.number, other.number), max(one.number, other.number))
    return one.line == other.line or together.get(pair, 0) >= places


def _entry(reading: Reading, at: int, page: int) -> Entry:
    reader = reading.reader.number
    return Entry(UUID(int=at), at, "volunteer", reader, page, reading.figures, device=UUID(int=reader))


# --- Detection --------------------------------------------------------------------------------


class Record:
    """What is known of one reader: after how many tasks their wrong ones showed, if they did."""

    def __init__(self, world: World, reader: Reader) -> None:
        self._world, self._reader = world, reader
        self._chance = chance_of("gold", world.seed, reader.number)
        self.honest = honest_share(len(world.papers[0].figures))
        self.tasks = self.golden = self._known = self._wrong = 0
        self.shown_after: int | None = None

    def gold(self) -> None:
        """The gold tasks that come before the next photo."""
        while self._chance.random() < (GOLD_AT_FIRST if self.tasks < FIRST_TASKS else GOLD_LATER):
            paper = self._chance.choice(self._world.gold)
            self.golden += 1
            self.answer(reads(self._world, self._reader, paper) == paper.figures)

    def answer(self, right: bool) -> None:
        """A task whose answer is known: a gold one, or a photo that was decided."""
        self.tasks += 1
        self._known += 1
        self._wrong += not right
        if self.shown_after is None and self._wrong >= wrong_that_show(self._known, self.honest):
            self.shown_after = self.tasks

    def photo(self) -> None:
        """A task whose answer is not known."""
        self.tasks += 1


def shown_by_gold(world: World, reader: Reader) -> int | None:
    """After how many tasks gold ones alone show it, if within `LONGEST`."""
    record = Record(world, reader)
    while record.tasks < LONGEST and record.shown_after is None:
        record.gold()
        record.photo()
    return record.shown_after


def _median(found: Collection[int | None]) -> float | None:
    """None where fewer than half were found."""
    value = median(math.inf if one is None else one for one in found) if found else math.inf
    return None if math.isinf(value) else value


# --- The play ---------------------------------------------------------------------------------

RULES = ("ours", "one approval", "any two equal")


@dataclass(frozen=True)
class Count:
    """What one rule did with all photos."""

    wrong: int
    off_balance: int  # of the wrong ones: their votes have another sum than the paper's, which another number tells
    ring: int  # of the wrong ones: they are the ring's numbers
    undecided: int  # nobody was left who might read them
    readings: float  # per photo
    cases: float  # share of photos that an adjudicator settled
    work: float  # readings, gold tasks and cases, each counted as one reading, per photo


@dataclass(frozen=True)
class Shown:
    """One kind of reader: after how many tasks half of them had shown as worse than honest people; or None."""

    people: int
    share: float  # of them, who showed in this play, by gold tasks and decided photos together
    tasks: float | None  # until half of them did
    tasks_by_gold: float | None  # until half of them would by gold tasks alone, however long it takes


@dataclass(frozen=True)
class Report:
    scenario: str
    tps: int
    rules: dict[str, Count]
    shown: dict[Kind, Shown]
    tasks: float  # of a reader in this play, the median
    ring: int  # accounts
    bound: int  # TPS that they can settle, whatever they do (TRUST section 1c)


def play(scenario: Scenario, world: World, readers: Sequence[Reader], places: int = agreement.TPS_OF_A_PAIR) -> Report:
    """Let them read all papers, one after the other, and count. Another pair cap than the rule's is for tests."""
    together: Counter[Pair] = Counter()
    records = {one.number: Record(world, one) for one in readers}
    published: dict[str, list[Published]] = {rule: [] for rule in RULES}
    for paper in world.papers:
        visits = Visits(world, readers, paper)
        decided = ours(visits, paper, world, together, places)
        together.update(decided.pairs)
        for reading in decided.readings:
            _note(records[reading.reader.number], reading, decided)
        for rule, one in zip(RULES, (decided, one_approval(visits), any_two_equal(visits)), strict=True):
            published[rule].append(one)
    golden = sum(record.golden for record in records.values())
    ring = sum(one.kind == Kind.RING for one in readers)
    kinds = {one.kind: None for one in readers}
    return Report(
        scenario=scenario.name,
        tps=len(world.papers),
        rules={rule: _count(world, published[rule], golden if rule == "ours" else 0) for rule in RULES},
        shown={kind: _shown(world, kind, [one for one in readers if one.kind == kind], records) for kind in kinds},
        tasks=median(record.tasks for record in records.values()),
        ring=ring,
        bound=agreement.TPS_OF_A_PAIR * math.comb(ring, 2),
    )


def _note(record: Record, reading: Reading, decided: Published) -> None:
    record.gold()
    if decided.numbers is None:
        record.photo()
    else:
        record.answer(right=reading.figures == decided.numbers)


def _count(world: World, published: Sequence[Published], golden: int) -> Count:
    pairs = list(zip(world.papers, published, strict=True))
    wrong = [(paper, one.numbers) for paper, one in pairs if one.numbers is not None and one.numbers != paper.figures]
    readings = sum(len(one.readings) + one.elsewhere for one in published)
    cases = sum(one.case for one in published)
    return Count(
        wrong=len(wrong),
        off_balance=sum(_votes(numbers) != _votes(paper.figures) for paper, numbers in wrong),
        ring=sum(numbers == of_the_ring(world.seed, paper) for paper, numbers in wrong),
        undecided=sum(one.numbers is None for one in published),
        readings=readings / len(pairs),
        cases=cases / len(pairs),
        work=(readings + golden + cases) / len(pairs),
    )


def _votes(numbers: Mapping[str, int | str]) -> int:
    return sum(value for key, value in numbers.items() if key.startswith("paslon_") and isinstance(value, int))


def _shown(world: World, kind: Kind, people: Sequence[Reader], records: Mapping[int, Record]) -> Shown:
    found = [records[one.number].shown_after for one in people]
    shown = sum(one is not None for one in found)
    by_gold = None if kind == Kind.HONEST else _median([shown_by_gold(world, one) for one in people])
    return Shown(len(people), shown / len(people), _median(found), by_gold)


# --- The targets ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    says: str
    met: bool


def targets_of(report: Report) -> list[Target]:
    """The issue's targets that this scenario can meet or miss."""
    mine, single = report.rules["ours"], report.rules["one approval"]
    if report.ring:
        says = f"{report.scenario}: {mine.ring} TPS are the ring's, at most {report.bound} can be"
        return [Target(says, mine.ring <= report.bound)]
    if report.scenario != SCENARIOS[0].name:
        return []
    return [
        Target(
            f"honest: {mine.wrong} wrong TPS, at most 1/{FEWER_WRONG} of the {single.wrong} of one approval",
            mine.wrong * FEWER_WRONG <= single.wrong,
        ),
        Target(
            f"honest: {mine.readings:.3f} readings per photo, at most {MOST_READINGS}", mine.readings <= MOST_READINGS
        ),
    ]


# --- In words ---------------------------------------------------------------------------------

ASSUMED = (
    f"An honest person misreads {SLIP:.2%} of the numbers (PEERS section 2.2: 0.17 × 0.27 of the forms of KPJS 2019).",
    f"Assumed, not measured: {UNCLEAR:.0%} of these mistakes are an unclear paper's, of which every other reader sees"
    " the same wrong figure, where a scenario says nothing else.",
    f"Assumed: somebody in a hurry slips {HURRY} times as often; the lazy never look; partisans and ring always cheat.",
    "Assumed: adjudicators find what stands on the paper; a case counts as one more reading.",
    "Page 2 without its sum: page 3 is read too, by the same rule; only what a doubt adds there counts as reading.",
    "Gold tasks, 15 % of the first 20 tasks, then 5 %, are those of the product; nobody is paused by them here.",
    f"Shown: to {SURE:.1%} more wrong entries than honest people (Beta posterior), of gold tasks and decided photos.",
    "Any two equal is EscrutinioSocial's rule with double entry, and two different people; it ships with one reading.",
)


def in_words(report: Report) -> list[str]:
    lines = [
        f"{report.scenario}",
        f"  {'':14}{'wrong TPS':>10}{'share':>9}{'other sum':>11}{'ring':>6}{'open':>6}"
        f"{'readings':>10}{'cases':>8}{'extra work':>12}",
    ]
    for rule, one in report.rules.items():
        lines.append(
            f"  {rule:14}{one.wrong:>10}{one.wrong / report.tps:>9.3%}{one.off_balance:>11}{one.ring:>6}"
            f"{one.undecided:>6}{one.readings:>10.3f}{one.cases:>8.2%}{one.work - 1:>12.0%}"
        )
    for kind, shown in report.shown.items():
        if kind == Kind.HONEST:
            lines.append(f"  honest: {shown.people} people, {shown.share:.1%} of them wrongly shown as worse")
            continue
        lines.append(
            f"  {kind}: {shown.people} people, {shown.share:.0%} shown within {report.tasks:.0f} tasks,"
            f" half of them after {_or_never(shown.tasks)}; by gold tasks alone: {_or_never(shown.tasks_by_gold)}"
        )
    if report.ring:
        lines.append(f"  ring of {report.ring}: {report.rules['ours'].ring} TPS of at most {report.bound}")
    return lines


def _or_never(tasks: float | None) -> str:
    return "more than there were" if tasks is None else f"{tasks:.0f}"
