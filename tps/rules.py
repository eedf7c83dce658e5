"""The arithmetic of a form: one small engine over rules that are data (`tps/forms/*.yaml`).

The paper's numbers win: a broken rule is told, never repaired. A rule is judged where all its numbers are
there; an empty box, an unreadable figure or a page that nobody sent gives no verdict.

    sum       figure = term + term + …
    equal     figure = term
    at_most   figure ≤ term, or ≤ a fixed limit
    reserve   figure = term + ⌈term × percent / 100⌉
    range     lowest ≤ each term ≤ highest; judges those that are there
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from tps.form_definitions import FormDefinition

Kind = Literal["sum", "equal", "at_most", "reserve", "range"]
Severity = Literal["hard", "soft"]
Numbers = Mapping[str, int | str]

# The input that stands in a verdict where the paper gives no DPT and the register's was used.
REGISTER = "dpt_terdaftar"


class Verdict(NamedTuple):
    """What one rule says about some numbers. Page, API, export and ledger render this one verdict.

    `difference` is the paper's figure minus what the rule wants: 0 where the rule holds, and for `at_most`
    and `range` how far the figure lies outside.
    """

    rule: str
    holds: bool
    severity: Severity
    formula: str  # in field keys: "suara_sah = paslon_1 + paslon_2 + paslon_3"
    inputs: dict[str, int]  # the figure under test first
    difference: int
    source: str  # where the rule comes from
    kind: Kind
    title: str  # what is compared, in Indonesian

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Verdict":
        """The verdict that `as_dict` gave."""
        return cls(**stored)

    def sentence(self) -> str:
        """The comparison in figures, in the reader's language: "120 + 85 + 40 = 245, di kertas 254"."""
        figure, *terms = self.inputs.values() if self.inputs else (0,)
        wanted = figure - self.difference
        if self.kind == "sum":
            counted = f"{' + '.join(map(str, terms))} = {wanted}"
        elif self.kind == "reserve":
            counted = f"{terms[0]} + {wanted - terms[0]} = {wanted}"
        elif self.kind == "equal":
            if self.holds:
                return f"{figure} = {terms[0]}"
            return sentences()["equal"].format(figure=figure, other=terms[0])
        elif self.kind == "at_most":
            limit = terms[0] if terms else self.formula.rpartition(" ")[2]
            if self.holds:
                return f"{figure} ≤ {limit}"
            return sentences()["at_most"].format(figure=figure, limit=limit)
        elif self.holds:
            return _("semua angka dalam batas")
        else:
            outside = ", ".join(map(str, self.inputs.values()))
            return _("{outside} di luar batas").format(outside=outside)
        return counted if self.holds else sentences()["sum"].format(counted=counted, figure=figure)


def sentences() -> dict[str, str]:
    """How a broken rule is told in the reader's language, by kind; `sum` is for `reserve`, too."""
    return {
        "sum": _("{counted}, di kertas {figure}"),
        "equal": _("{figure} dan {other} seharusnya sama"),
        "at_most": _("{figure}, paling banyak {limit}"),
    }


@dataclass(frozen=True)
class Rule:
    """One rule with its fields filled in; a rule of the YAML file for L, P and J becomes three of these."""

    id: str
    kind: Kind
    title: str
    severity: Severity
    source: str
    terms: tuple[str, ...]  # the figure under test first; for `range` all that are tested
    only_where_positive: tuple[str, ...] = ()  # not judged unless these are known and above 0
    limit: int | None = None  # `at_most` without a second term
    percent: int = 0
    lowest: int = 0
    highest: int = 999

    @cached_property
    def fields(self) -> frozenset[str]:
        """All fields it looks at."""
        return frozenset(self.terms) | frozenset(self.only_where_positive)

    @cached_property
    def formula(self) -> str:
        figure, *terms = self.terms or ("",)
        if self.kind == "sum":
            return f"{figure} = {' + '.join(terms)}"
        if self.kind == "equal":
            return f"{figure} = {terms[0]}"
        if self.kind == "at_most":
            return f"{figure} ≤ {terms[0] if terms else self.limit}"
        if self.kind == "reserve":
            return f"{figure} = {terms[0]} + ceil({self.percent} % × {terms[0]})"
        return f"{self.lowest} ≤ n ≤ {self.highest}"

    def within(self, keys: Collection[str]) -> "Rule | None":
        """This rule as far as it can be judged from these fields alone; None where it cannot."""
        if self.kind == "range":
            present = tuple(key for key in self.terms if key in keys)
            return replace(self, terms=present) if present else None
        return self if all(key in keys for key in self.fields) else None

    def judge(self, numbers: Numbers) -> Verdict | None:
        """The verdict, or None where a number is missing or the rule does not apply."""
        values = []
        for key in self.terms:
            value = numbers.get(key)
            if isinstance(value, int):
                values.append(value)
            elif self.kind != "range":
                return None
        for key in self.only_where_positive:
            value = numbers.get(key)
            if not isinstance(value, int) or value <= 0:
                return None
        if self.kind == "range":
            return self._judge_range(numbers) if values else None
        difference = self._difference(values)
        return self._verdict(dict(zip(self.terms, values, strict=True)), difference)

    def _difference(self, values: list[int]) -> int:
        figure = values[0]
        if self.kind == "sum":
            return figure - sum(values[1:])
        if self.kind == "equal":
            return figure - values[1]
        if self.kind == "at_most":
            limit = values[1] if self.limit is None else self.limit
            return max(0, figure - limit)
        # -(-a // b) is ⌈a / b⌉ in whole numbers.
        return figure - values[1] - -(-values[1] * self.percent // 100)

    def _judge_range(self, numbers: Numbers) -> Verdict:
        outside = {
            key: value
            for key in self.terms
            if isinstance(value := numbers.get(key), int) and not self.lowest <= value <= self.highest
        }
        beyond = [v - self.highest if v > self.highest else v - self.lowest for v in outside.values()]
        return self._verdict(outside, max(beyond, key=abs, default=0))

    def _verdict(self, inputs: dict[str, int], difference: int) -> Verdict:
        return Verdict(
            self.id,
            difference == 0,
            self.severity,
            self.formula,
            inputs,
            difference,
            self.source,
            self.kind,
            self.title,
        )


def check(
    form: "FormDefinition",
    numbers: Numbers,
    registered_voters: int | None = None,
    keys: Collection[str] | None = None,
) -> list[Verdict]:
    """What the form's rules say about these numbers, in the order of the rules.

    `numbers` maps field keys to numbers; "kosong" and "tidak_terbaca" count as missing. `keys` limits the
    rules to those that look at these fields only (a page's, say). `registered_voters` is the register's DPT: it
    stands in where the paper gives none, as the input `dpt_terdaftar`, but never alone: the register is not on
    trial here.
    """
    rules = form.rules if keys is None else form.rules_within_keys(frozenset(keys))
    if registered_voters is not None and form.register and not isinstance(numbers.get(form.register), int):
        rules = tuple(_with_register(rule, form.register) for rule in rules)
        numbers = {**numbers, REGISTER: registered_voters}
    return [verdict for rule in rules if (verdict := rule.judge(numbers))]


def broken(verdicts: Collection[Verdict]) -> list[Verdict]:
    """The verdicts that do not hold."""
    return [verdict for verdict in verdicts if not verdict.holds]


def _with_register(rule: Rule, dpt: str) -> Rule:
    if len(rule.terms) == 1 or rule.kind == "range" or dpt not in rule.fields:
        return rule
    return replace(
        rule,
        terms=tuple(REGISTER if key == dpt else key for key in rule.terms),
        only_where_positive=tuple(REGISTER if key == dpt else key for key in rule.only_where_positive),
    )
