"""What the entries and rulings on one photo say together (DESIGN section 5; in plain words: docs/reading-rules.md).

Pure: no tables, no clock, no settings. The order in which entries and rulings are given makes no difference,
and leaving out an account's entries is as if they had never been.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from uuid import UUID

# Stored with each decision. A change of anything below is a new version; it is no setting.
# Version 2: what barred accounts read counts no more, neither do the numbers of a reader who read another TPS from the
# form; readers on probation decide nothing by twos; rejecting takes two adjudicators. Of everything else it says what
# version 1 said.
# Version 3: what an adjudicator accepts was read by volunteers who may count, every number of it, or by a second
# adjudicator too; and what barred adjudicators ruled counts no more. Of everything else it says what version 2 said.
# Version 4: to accept other numbers than those that stand takes two adjudicators, as rejecting them does; and of what
# an adjudicator said while it waits for a second one, the newest counts. Of all else it says what version 3 said.
# Version 5: of what adjudicators said about one decision each one's newest word counts, and the last that can stand
# does. It says something else than version 4 only where what an earlier word waited against is no more.
# Version 6: how many readers a page has, and whether they contradict each other, is judged by lines, devices and blocks
# alone; that a pair has settled three other TPS keeps it from carrying numbers, and takes no reading away. It says
# something else than version 5 only where two readers of a page have reached that cap.
RULE_VERSION = 6
READERS = 2
READERS_OF_BROKEN_SUMS = 3
READERS_ON_PROBATION = 3  # so many who are all new decide, or fewer of whom one is not
READERS_BEFORE_A_PERSON_DECIDES = 4
TPS_OF_A_PAIR = 3  # two accounts settle at most so many together; `PairTally` holds them to it

Numbers = Mapping[str, int | str]
Pair = tuple[int, int]  # two accounts, the lower first


@dataclass(frozen=True)
class Entry:
    """One entry: `page` and `numbers`, or a `problem`. `at` only breaks ties, in microseconds.

    `tps` is the TPS that it read from the form: its code, or a word; nothing where it was not asked.
    `on_probation` is what its reader was when they sent it, not what they are now.
    """

    id: UUID
    at: int
    source: str
    account: int | None
    page: int | None = None
    numbers: Numbers | None = None
    problem: str = ""
    device: UUID | None = None
    address_block: str = ""
    round: int = 1
    tps: str = ""
    on_probation: bool = False


@dataclass(frozen=True)
class Ruling:
    """What one adjudicator said. `round` is the version of the decision it was about to make."""

    id: UUID
    at: int
    round: int
    adjudicator: int
    verdict: str
    reason: str = ""
    page: int | None = None
    numbers: Numbers | None = None
    station: int | None = None
    device: UUID | None = None
    address_block: str = ""
    tps: str = ""  # that station's code

    @property
    def account(self) -> int:
        return self.adjudicator


@dataclass(frozen=True)
class Sender:
    """Somebody who sent the photo; `at` in microseconds. What was read before that stands."""

    at: int = 0
    account: int | None = None
    device: UUID | None = None
    address_block: str = ""


@dataclass(frozen=True)
class Evidence:
    """All there is about one photo.

    `tied` are pairs of accounts that settle nothing together: one line of invitations, or a pair that has settled three
    other TPS already. Among them are the `lines` of invitations alone. By these it is judged how many have read, who
    contradicts whom, who seconds an adjudicator and who belongs to a sender: that a pair has read elsewhere, later
    perhaps, takes nothing back that they said here. So a page that carries no number gets none by what is read
    elsewhere.
    """

    entries: Sequence[Entry]
    rulings: Sequence[Ruling] = ()
    sender: int | None = None
    sender_device: UUID | None = None
    tied: frozenset[Pair] = frozenset()
    sender_block: str = ""
    repeats: Sequence[Sender] = ()  # who sent the same bytes again
    barred: frozenset[int] = frozenset()  # accounts whose entries and rulings are as if they had never been
    tps: str = ""  # the code of the TPS that it was sent for
    lines: frozenset[Pair] = frozenset()
    in_doubt: bool = False  # another page of its TPS does not fit; says what is asked, and nothing of what stands


@dataclass(frozen=True)
class Accepted:
    page: int
    numbers: Numbers
    how: str
    because: tuple[UUID, ...]
    broken_rules: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()  # the accounts that settled it together


@dataclass(frozen=True)
class Rejected:
    problem: str
    because: tuple[UUID, ...]


@dataclass(frozen=True)
class Outcome:
    """What stands, and what is still wanted."""

    stands: Accepted | Rejected | None = None
    wants: int = 0  # so many more entries
    adjudicator: str = ""  # why it lies before one (`Task.Why`), or nothing
    station: int | None = None  # where an adjudicator moved it, if one did
    ruled: int = 0  # the round of the newest ruling that stands
    ruled_because: tuple[UUID, ...] = ()  # that ruling, and who else said so
    waiting: tuple[Ruling, ...] = ()  # rulings that no second adjudicator has said yet


BrokenRules = Callable[[int, Numbers], tuple[str, ...]]


def outcome(evidence: Evidence, broken_rules: BrokenRules) -> Outcome:
    """The one door: what these entries and rulings say. `broken_rules(page, numbers)` names the page's broken rules."""
    if evidence.barred:
        evidence = replace(
            evidence,
            entries=[entry for entry in evidence.entries if entry.account not in evidence.barred],
            rulings=[ruling for ruling in evidence.rulings if ruling.adjudicator not in evidence.barred],
        )
    said = _Said.of(evidence, broken_rules)
    if said.stands:
        why = "second" if said.waiting else ""
        return Outcome(said.stands, 0, why, said.station, said.ruled, said.because, said.waiting)
    counting = _counting(evidence, said)
    stands, wants, why = _readers_say(counting, evidence.tied, evidence.lines, broken_rules)
    if stands and evidence.in_doubt:
        wants, why = _one_more_says(counting, stands, evidence.lines)
    if stands and said.moved_because:
        stands = replace(stands, how="adjudicated", because=(*stands.because, *said.moved_because))
    if said.waiting:
        wants, why = 0, "second"
    return Outcome(stands, wants, why, said.station, said.ruled, said.because, said.waiting)


# --- Adjudicators -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    """What the rulings say, one after the other."""

    stands: Accepted | Rejected | None = None
    station: int | None = None
    tps: str = ""  # that station's code
    since: int = 0  # entries of this round and before do not count: it was reopened
    moved: int = 0  # "wrong TPS" of this round and before is settled
    moved_because: tuple[UUID, ...] = ()  # the rulings that moved it
    ruled: int = 0
    because: tuple[UUID, ...] = ()
    waiting: tuple[Ruling, ...] = ()

    @classmethod
    def of(cls, evidence: Evidence, broken_rules: BrokenRules) -> "_Said":
        said = cls()
        in_order = sorted(evidence.rulings, key=lambda r: (r.round, r.at, r.id))
        for _round, spoken in groupby(in_order, key=lambda r: r.round):
            said = said._after(list(spoken), evidence, broken_rules)
        return said

    def _after(self, spoken: Sequence[Ruling], evidence: Evidence, broken_rules: BrokenRules) -> "_Said":
        """With what was said about one and the same decision, in the order in which it was said.

        Whatever was said before the last of it waited then. Without readers who were recalled since, more than one of
        these may stand; each is weighed against that decision, and the last one does.
        """
        newest = {ruling.adjudicator: ruling for ruling in spoken}
        said = replace(self, waiting=tuple(one for one in self.waiting if one.adjudicator not in newest))
        before = said
        for ruling in (one for one in spoken if newest[one.adjudicator] is one):
            support = _support(ruling, replace(before, waiting=said.waiting), evidence, broken_rules)
            if support is None:
                said = replace(said, waiting=(*said.waiting, ruling))
            else:
                said = before._with(ruling, (ruling.id, *support), broken_rules)
        return said

    def _with(self, ruling: Ruling, because: tuple[UUID, ...], broken_rules: BrokenRules) -> "_Said":
        stands, since = self.stands, self.since
        station, tps, moved, moved_because = self.station, self.tps, self.moved, self.moved_because
        if ruling.verdict == "accept":
            page, numbers = ruling.page or 0, ruling.numbers or {}
            stands = Accepted(page, numbers, "adjudicated", because, broken_rules(page, numbers))
        elif ruling.verdict == "reject":
            stands = Rejected(ruling.reason, because)
        elif ruling.verdict == "rehome":
            station, tps, moved, moved_because = ruling.station, ruling.tps, ruling.round, because
            stands = stands if isinstance(stands, Accepted) else None
        else:
            stands, since = None, ruling.round
        return _Said(stands, station, tps, since, moved, moved_because, ruling.round, because)


def _support(ruling: Ruling, said: _Said, evidence: Evidence, broken_rules: BrokenRules) -> tuple[UUID, ...] | None:
    """Who else says so: entries, or an adjudicator who said it before. None where nobody does: it waits.

    Every number must have been read by a volunteer who may count, or by anybody and said by a second adjudicator.
    Throwing a photo away, moving it, or replacing what stands takes two adjudicators, who say the same: readers'
    problems bring it before them. To have a photo read again needs nobody else: it settles nothing. What is not
    independent of the adjudicator supports nothing, not one number.
    """
    if ruling.verdict == "reopen":
        return ()
    of_the_round = (e for e in evidence.entries if said.since < e.round <= ruling.round)
    entries = [e for e in of_the_round if not _of_one_hand(e, ruling, evidence.lines)]
    support: list[Entry] = []
    if ruling.verdict == "accept":
        readers = _carriers(ruling, [entry for entry in entries if _may_count(entry, evidence)])
        if readers and not _overturns(ruling, _stood_before(ruling, said, evidence, broken_rules)):
            return tuple(entry.id for entry in readers)
        support = _carriers(ruling, entries)
        if not support:
            return None  # a number that nobody read stands for nobody
    for earlier in said.waiting:
        if independent(earlier, ruling, evidence.lines) and _same(earlier, ruling):
            return (*(entry.id for entry in support), earlier.id)
    return None


def _overturns(ruling: Ruling, stood: Accepted | Rejected | None) -> bool:
    if isinstance(stood, Accepted):
        return (stood.page, _key(stood.numbers)) != (ruling.page, _key(ruling.numbers))
    return stood is not None


def _stood_before(
    ruling: Ruling, said: _Said, evidence: Evidence, broken_rules: BrokenRules
) -> Accepted | Rejected | None:
    """What was decided before this ruling, by an earlier one or by readers; a pair may have reached its cap since."""
    if said.stands:
        return said.stands
    before = replace(evidence, entries=[entry for entry in evidence.entries if entry.round < ruling.round])
    return _readers_say(_counting(before, said), evidence.lines, evidence.lines, broken_rules)[0]


def _same(one: Ruling, other: Ruling) -> bool:
    if one.verdict != other.verdict or one.station != other.station:
        return False
    return one.verdict != "accept" or (one.page == other.page and _key(one.numbers) == _key(other.numbers))


def _carriers(ruling: Ruling, entries: Iterable[Entry]) -> list[Entry]:
    """Few entries that together read every number of an accepting ruling, people's before machines'; or none."""
    wanted = (ruling.numbers or {}).items()
    missing = set(wanted)
    carriers = []
    candidates = [(e, (e.numbers or {}).items() & wanted) for e in entries if e.page == ruling.page]
    for entry, read in sorted(candidates, key=lambda c: (c[0].source != "volunteer", -len(c[1]), _first(c[0]))):
        if read & missing:
            carriers.append(entry)
            missing -= read
    return [] if missing else carriers


# --- Readers ----------------------------------------------------------------------------------


def _may_count(entry: Entry, evidence: Evidence) -> bool:
    """Whether it may be one of those that decide: a volunteer's, and not of a sender or their circle."""
    if entry.source != "volunteer" or entry.account is None:
        return False
    first = Sender(0, evidence.sender, evidence.sender_device, evidence.sender_block)
    senders = (first, *(again for again in evidence.repeats if again.at < entry.at))
    return not any(_sent(entry, sender, evidence.lines) for sender in senders)


def _sent(entry: Entry, sender: Sender, lines: frozenset[Pair]) -> bool:
    if entry.device is not None and entry.device == sender.device:
        return True
    if entry.address_block and entry.address_block == sender.address_block:
        return True
    return entry.account == sender.account or _pair(entry.account or 0, sender.account) in lines


def _counting(evidence: Evidence, said: _Said) -> list[Entry]:
    """The entries that count now, the first of each account, earliest first.

    One that read another TPS from the form than the one where the photo stands says just that; its numbers are of no
    use there. Once the photo was moved to that TPS, they are.
    """
    here = said.tps or evidence.tps
    counting: dict[int, Entry] = {}
    for entry in sorted(evidence.entries, key=_first):
        settled = entry.problem == "wrong_tps" and entry.round <= said.moved
        if entry.account is not None and entry.round > said.since and not settled and _may_count(entry, evidence):
            if entry.numbers is not None and entry.tps not in ("", "tidak_terbaca", here):
                said_so = replace(entry, numbers=None, problem="wrong_tps")
            else:
                said_so = replace(entry, tps="") if entry.tps else entry
            counting.setdefault(entry.account, said_so)
    return list(counting.values())


def _readers_say(
    entries: Sequence[Entry], tied: frozenset[Pair], lines: frozenset[Pair], broken_rules: BrokenRules
) -> tuple[Accepted | None, int, str]:
    """What stands, how many more entries are wanted, and why it lies before an adjudicator.

    Who is `tied` carries nothing together; how many have read and who contradicts whom is judged by `lines`.
    """
    readers = len(_independent(entries, lines))
    strongest = _strongest(entries, lines)
    accepted = None
    if len(strongest) == 1:
        if not strongest[0][0].problem:
            accepted = _agreed(strongest[0], tied, broken_rules)
        elif _enough(_independent(strongest[0], lines)):
            return None, 0, "tps" if all(entry.tps for entry in strongest[0]) else "problem"
    accepted = accepted or _majority(entries, readers, tied, lines, broken_rules)
    if accepted:
        return (None, 0, "blank") if _blank(accepted.numbers) else (accepted, 0, "")
    if len(strongest) > 1:
        return None, 0, "conflict"
    if readers >= READERS_BEFORE_A_PERSON_DECIDES:
        return None, 0, "differ"
    return None, max(1, READERS - readers), ""


def _one_more_says(entries: Sequence[Entry], stands: Accepted, lines: frozenset[Pair]) -> tuple[int, str]:
    """What is asked where readers agree and another page does not fit: one more. Who reads otherwise makes a case."""
    if len(_independent(entries, lines)) < READERS_OF_BROKEN_SUMS:
        return 1, ""
    said = stands.page, _key(stands.numbers)
    return 0, "" if all((one.page, _key(one.numbers)) == said for one in entries) else "sum"


def _strongest(entries: Sequence[Entry], lines: frozenset[Pair]) -> list[list[Entry]]:
    """The groups of entries that say the same and have the most independent readers, at least two."""
    groups: dict[object, list[Entry]] = {}
    for entry in entries:
        said = "problem" if entry.problem else (entry.page, _key(entry.numbers))
        groups.setdefault(said, []).append(entry)
    strength = {said: len(_independent(group, lines)) for said, group in groups.items()}
    most = max(strength.values(), default=0)
    return [groups[said] for said in groups if strength[said] == most >= READERS]


def _agreed(agreeing: Sequence[Entry], tied: frozenset[Pair], broken_rules: BrokenRules) -> Accepted | None:
    """The numbers as written that all these entries say, if enough of their readers are independent."""
    page, numbers = agreeing[0].page or 0, agreeing[0].numbers or {}
    broken = broken_rules(page, numbers)
    carriers = _enough(_independent(agreeing, tied), READERS_OF_BROKEN_SUMS if broken else READERS)
    if not carriers:
        return None
    return Accepted(page, numbers, "two_readers", tuple(e.id for e in carriers), broken, _pairs(carriers, tied))


def _enough(independent_ones: Sequence[Entry], wanted: int = READERS) -> list[Entry]:
    """The first of these that decide together, or none: as many as wanted, one of them not on probation.

    Where all are on probation, three. Three such in one hand would be a ring, which the pair cap holds; asking for more
    would keep a first night, when everybody is new, from beginning.
    """
    established = next((one for one in independent_ones if not one.on_probation), None)
    if established is None:
        wanted = max(wanted, READERS_ON_PROBATION)
        chosen = list(independent_ones[:wanted])
    else:
        others = [one for one in independent_ones if one is not established]
        chosen = sorted([established, *others[: wanted - 1]], key=_first)
    return chosen if len(chosen) == wanted else []


def _majority(
    entries: Sequence[Entry],
    readers: int,
    tied: frozenset[Pair],
    lines: frozenset[Pair],
    broken_rules: BrokenRules,
) -> Accepted | None:
    """Field by field what more than half of all independent readers say, if there is such a value for every field."""
    for page in {e.page for e in entries if e.numbers is not None}:
        of_page = [e for e in entries if e.page == page and e.numbers is not None]
        if 2 * len(_independent(of_page, lines)) <= readers:
            continue
        numbers: dict[str, int | str] = {}
        carriers: set[UUID] = set()
        by_field: list[list[Entry]] = []
        for field in of_page[0].numbers or {}:
            for value, saying_so in _by_value(of_page, field).items():
                if 2 * len(_independent(saying_so, lines)) > readers:
                    numbers[field] = value
                    by_field.append(_independent(saying_so, tied))
                    carriers.update(e.id for e in by_field[-1])
        if numbers.keys() != (of_page[0].numbers or {}).keys():
            continue
        broken = broken_rules(page or 0, numbers)
        wanted = READERS_OF_BROKEN_SUMS if broken else READERS
        if all(_enough(independent_ones, wanted) for independent_ones in by_field):
            chosen = [e for e in of_page if e.id in carriers]
            because = tuple(e.id for e in chosen)
            return Accepted(page or 0, numbers, "majority", because, broken, _pairs(chosen, tied))
    return None


def _by_value(entries: Iterable[Entry], field: str) -> dict[int | str, list[Entry]]:
    readers: dict[int | str, list[Entry]] = {}
    for entry in entries:
        if entry.numbers is not None and field in entry.numbers:
            readers.setdefault(entry.numbers[field], []).append(entry)
    return readers


def _blank(numbers: Numbers) -> bool:
    """A page of nothing but zeros and empty boxes: a person looks at it, whoever agrees."""
    return not any(isinstance(value, int) and value > 0 for value in numbers.values())


# --- Independence -----------------------------------------------------------------------------


def independent(one: Entry | Ruling, other: Entry | Ruling, tied: frozenset[Pair]) -> bool:
    """Two people, of two devices and two address blocks, and not tied."""
    return one.account is not None and other.account is not None and not _of_one_hand(one, other, tied)


def _of_one_hand(one: Entry | Ruling, other: Entry | Ruling, tied: frozenset[Pair]) -> bool:
    """One account, one device or one address block, or two tied accounts."""
    if one.device is not None and one.device == other.device:
        return True
    if one.address_block and one.address_block == other.address_block:
        return True
    if one.account is None or other.account is None:
        return False
    return one.account == other.account or _pair(one.account, other.account) in tied


def _independent(entries: Sequence[Entry], tied: frozenset[Pair]) -> list[Entry]:
    """The largest set of entries that are all independent of each other.

    Of several, one that has somebody who is not on probation; of several such, the one that came first.
    """
    ordered = sorted(entries, key=_first)
    apart = {(one.id, other.id) for one, other in combinations(ordered, 2) if independent(one, other, tied)}
    largest: list[Entry] = []

    def grow(chosen: list[Entry], rest: list[Entry]) -> None:
        nonlocal largest
        if _weight(chosen) > _weight(largest):
            largest = chosen
        for position, entry in enumerate(rest):
            # As many with somebody who is not on probation is the most there may be.
            if (len(chosen) + len(rest) - position, True) <= _weight(largest):
                return
            grow([*chosen, entry], [other for other in rest[position + 1 :] if (entry.id, other.id) in apart])

    grow([], ordered)
    return largest


def _weight(entries: Sequence[Entry]) -> tuple[int, bool]:
    return len(entries), any(not one.on_probation for one in entries)


def _pairs(entries: Sequence[Entry], tied: frozenset[Pair]) -> tuple[Pair, ...]:
    found = {
        _pair(one.account or 0, other.account)
        for one, other in combinations(entries, 2)
        if independent(one, other, tied)
    }
    return tuple(sorted(found))


def _pair(one: int, other: int | None) -> Pair:
    return (one, one) if other is None else (min(one, other), max(one, other))


def _first(entry: Entry) -> tuple[int, UUID]:
    return entry.at, entry.id


def _key(numbers: Numbers | None) -> frozenset[tuple[str, int | str]]:
    return frozenset((numbers or {}).items())
