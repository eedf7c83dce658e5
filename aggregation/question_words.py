"""The sentence of each question, in the reader's language. Each ends with a question mark, or says why it is asked."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aggregation import columns
from aggregation.anomalies import Kind
from aggregation.models import Question
from aggregation.templatetags.figures import figure, percent
from tps.form_definitions import for_contest
from tps.models import Contest


def sentence(question: Question, contest: Contest) -> str:
    """What is asked about this TPS; `contest` comes with its options."""
    return _SENTENCES[Kind(question.kind)](question, contest)


def _alike(question: Question, _contest: Contest) -> str:
    return _("Apakah foto ini memang dari TPS ini? Foto yang mirip ada di %(other)s.") % {"other": _other(question)}


def _same_row(question: Question, _contest: Contest) -> str:
    votes = ", ".join(figure(vote) for vote in question.facts["votes"])
    said = {"other": _other(question), "votes": votes}
    return _("Apakah dua TPS ini memang punya angka yang sama? %(other)s juga memberi %(votes)s.") % said


def _turnout(question: Question, _contest: Contest) -> str:
    facts = question.facts
    said = {"figure": figure(facts["figure"]), "limit": figure(facts["limit"])}
    if facts["of"] == "dpt":
        return _("Apakah jumlah pemilih terbaca benar? Pengguna hak pilih dari DPT %(figure)s, DPT %(limit)s.") % said
    if facts["of"] == "ballots":
        return _("Apakah jumlah suara terbaca benar? Suara %(figure)s, surat suara yang diterima %(limit)s.") % said
    return _("Apakah jumlah suara terbaca benar? Suara %(figure)s, DPT %(limit)s, belum termasuk DPTb dan DPK.") % said


def _far(question: Question, contest: Contest) -> str:
    facts = question.facts
    said = {"option": _option(facts, contest), "share": percent(facts["share"]), "median": percent(facts["median"])}
    return _("Apakah suara %(option)s terbaca benar? Di sini %(share)s, nilai tengah di sekitarnya %(median)s.") % said


def _one_sided(question: Question, contest: Contest) -> str:
    facts = question.facts
    said = {"option": _option(facts, contest), "votes": figure(facts["votes"])}
    if facts["all"]:
        return _("Apakah benar semua %(votes)s suara di sini untuk %(option)s?") % said
    said["elsewhere"] = percent(facts["elsewhere"])
    return _("Apakah benar tidak ada suara untuk %(option)s di sini? Di TPS lain di sekitarnya %(elsewhere)s.") % said


def _rule(question: Question, contest: Contest) -> str:
    titles = {rule.id: rule.title for rule in for_contest(contest).rules}
    rules = [titles.get(rule, rule) for rule in question.facts["rules"]]
    n = len(rules)
    text = ngettext(
        "Apakah angka di formulir ini terbaca benar? %(n)s aturan tidak cocok: %(rules)s.",
        "Apakah angka di formulir ini terbaca benar? %(n)s aturan tidak cocok: %(rules)s.",
        n,
    )
    return text % {"n": n, "rules": "; ".join(_(rule) for rule in rules)}


def _single(_question: Question, _contest: Contest) -> str:
    return _("Apakah ada foto lain dari TPS ini? Setiap angkanya baru berdiri di atas satu foto.")


_SENTENCES: Mapping[Kind, Callable[[Question, Contest], str]] = {
    Kind.ALIKE: _alike,
    Kind.SAME_ROW: _same_row,
    Kind.TURNOUT: _turnout,
    Kind.FAR: _far,
    Kind.ONE_SIDED: _one_sided,
    Kind.RULE: _rule,
    Kind.SINGLE: _single,
}


def _other(question: Question) -> str:
    other = question.other
    return f"{other} ({other.code})" if other else _("TPS lain")


def _option(facts: Mapping[str, Any], contest: Contest) -> str:
    """The option's number and name, as on the ballot."""
    key = columns.of(contest).votes[facts["option"]]
    number = key.rpartition("_")[2]
    name = next((option.name for option in contest.options.all() if str(option.number) == number), "")
    return f"{number} {name}".strip()
