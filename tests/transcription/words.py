"""Words for evidence: a page of two numbers and their sum, entries and rulings that differ where a test says so."""

from uuid import UUID

from transcription.agreement import Entry, Evidence, Ruling, outcome

FIELDS = ("a", "b", "sum")


def broken_rules(page, numbers):
    a, b, total = (numbers[field] for field in FIELDS)
    known = all(isinstance(value, int) for value in (a, b, total))
    return ("R4",) if page == 1 and known and a + b != total else ()


def entry(who: int, a=1, b=2, total=3, *, problem="", page=1, **more) -> Entry:
    """An entry by account `who`, of a device of their own."""
    numbers = None if problem else {"a": a, "b": b, "sum": total}
    fields = {"source": "volunteer", "device": UUID(int=1000 + who), "at": who} | more
    return Entry(
        id=UUID(int=who), account=who, page=None if problem else page, numbers=numbers, problem=problem, **fields
    )


def ruling(who: int, verdict: str, round: int = 1, **more) -> Ruling:
    """A ruling by account `who`, from a device of their own."""
    fields = {"id": UUID(int=5000 + 10 * who + round), "device": UUID(int=1000 + who)} | more
    return Ruling(at=who, round=round, adjudicator=who, verdict=verdict, **fields)


def said(*entries: Entry, rulings=(), **more):
    return outcome(Evidence(entries, tuple(rulings), lines=more.get("tied", frozenset()), **more), broken_rules)
