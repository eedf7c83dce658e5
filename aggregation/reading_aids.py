"""What templates need beside a document: options with their bars, rows of a page, places to go to."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _

from accounts.fields import whole_number
from aggregation.alerts import Standing
from aggregation.columns import COUNTED
from aggregation.models import ExclusionReason, Vote, VoteReason
from tps.models import Contest
from tps.rules import Verdict
from tps.search import Place
from transcription.models import ReportGroup

ROWS = 60
# More headings than this are folded: DPR has 18 parties beside the data and the sums.
MOST_OPEN = 8
# More options than this do not fit beside each other in a row.
WIDEST = 5

HOW = {
    "two_readers": _("disepakati dua pembaca"),
    "majority": _("suara terbanyak pembaca"),
    "adjudicated": _("diputus verifikator"),
}
STATES = {
    "empty": _("belum ada foto"),
    "received": _("foto diterima"),
    "partial": _("sebagian"),
    "complete": _("lengkap"),
    "disputed": _("sengketa"),
    "excluded": _("dikecualikan"),
}
PHOTO_STATES = {
    "inspected": _("sedang diperiksa"),
    "waiting": _("menunggu dibaca"),
    "accepted": _("diterima"),
    "rejected": _("ditolak"),
    "moved": _("dipindahkan"),
    "withdrawn": _("ditarik oleh pengirimnya"),
}
PAGE_STATES = {
    "partial": _("baru sebagian terbaca"),
    "waiting": _("sedang dibaca"),
    "missing": _("belum ada fotonya"),
}
# How strongly a state is shown; always with its word.
BADGES = {
    "complete": "good",
    "accepted": "good",
    "disputed": "warn",
    "excluded": "warn",
    "rejected": "bad",
    "partial": "tinta",
    "moved": "warn",
}


def address(document: Mapping[str, Any], place: Mapping[str, str]) -> str:
    """Where a place of a document is shown."""
    where = [document["election"]["code"], document["contest"]["code"], place["code"]]
    return reverse("aggregation:station" if place.get("level") == "tps" else "aggregation:region", args=where)


def trail(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The breadcrumb: places from the nation down, each with its address."""
    return [{"name": place["name"], "address": address(document, place)} for place in document["path"]]


def bars(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options in ballot order with votes, share and TPS behind them."""
    return [
        {
            **option,
            "votes": document["sums"][option["key"]],
            "share": document["shares"][option["key"]],
            "stations": document["stations_behind"][option["key"]],
        }
        for option in document["options"]
    ]


def standing_of(document: Mapping[str, Any]) -> Standing:
    """What could still change the order of the options of a region is asked of this."""
    votes = {option["key"]: document["sums"][option["key"]] for option in document["options"]}
    counts, without = document["counts"], document["without_disputed"]["sums"]
    missing = document["stations"] - counts[COUNTED] - counts["excluded"]
    return Standing(
        votes=votes,
        disputed={key: number - without[key] for key, number in votes.items()},
        disputed_stations=counts["disputed"],
        missing_stations=missing,
        registered_voters=document["registered_voters"],
        counted_voters=document["voters_counted"],
        # Which of them are counted is not known: all of them may be among those that are not.
        unknown_stations=max(0, min(document["stations"] - document["dpt_known"], missing)),
    )


def official_sums(document: Mapping[str, Any], official: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Both sides' votes over the TPS that both have, in ballot order; nothing where none is compared."""
    if not official or not official["paired"]:
        return []
    return [
        {
            "name": f"{option['number']}. {option['name']}",
            "ours": official["ours"][option["key"]],
            "theirs": official["theirs"][option["key"]],
            "difference": official["ours"][option["key"]] - official["theirs"][option["key"]],
        }
        for option in document["options"]
        if option["key"] in official["ours"]
    ]


def official_at(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Both sides' numbers of a TPS, by what is printed beside them."""
    labels = {field["key"]: field["label"] for field in document["fields"]}
    said = document["official"]["fields"] if document["official"] else []
    return [
        {**one, "name": labels.get(one["key"], one["key"]), "difference": one["ours"] - one["theirs"]} for one in said
    ]


def waiting(document: Mapping[str, Any]) -> int:
    """TPS whose photos are there, and whose votes are not counted yet."""
    return int(document["counts"]["received"] - document["counts"][COUNTED])


def of_child(document: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """One of the places below, as far as the document above it tells: what `bars` asks for."""
    votes = {option["key"]: child["sums"][option["key"]] for option in document["options"]}
    total, counted = sum(votes.values()), child["counts"][COUNTED]
    shares = {key: round(number / total, 6) if total else None for key, number in votes.items()}
    return {**document, "sums": votes, "shares": shares, "stations_behind": dict.fromkeys(votes, counted)}


def station_bars(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options of a TPS in ballot order, each with its field, and its share once the votes of all are known."""
    fields = {field["key"]: field for field in document["fields"]}
    whole = all(fields[option["key"]]["state"] in ("stands", "disputed") for option in document["options"])
    return [
        {**option, "field": fields[option["key"]], "share": document["shares"][option["key"]] if whole else None}
        for option in document["options"]
    ]


def pages(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many sheets of a form are read, and which are not yet."""
    return {
        "complete": sum(page["state"] == "complete" for page in found),
        "of": len(found),
        "open": [{**page, "state_word": PAGE_STATES[page["state"]]} for page in found if page["state"] != "complete"],
    }


def other_contests(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What else is voted on at a TPS, each with its address."""
    code = document["station"]["code"]
    return [
        {**one, "address": address({**document, "contest": one}, {"code": code, "level": "tps"})}
        for one in document["contests"]
        if one["code"] != document["contest"]["code"]
    ]


def page_of(document: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    """One page of the children; `wanted` is what the address says, an unknown page is the first."""
    children: Sequence[Mapping[str, Any]] = document["children"]
    last = max(1, -(-len(children) // ROWS))
    asked = whole_number(wanted)
    number = asked if 1 <= asked <= last else 1
    return {
        "number": number,
        "last": last,
        "before": number - 1 if number > 1 else None,
        "after": number + 1 if number < last else None,
        "rows": [_row(document, child) for child in children[(number - 1) * ROWS : number * ROWS]],
    }


def _row(document: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    options = document["options"] if len(document["options"]) <= WIDEST else []
    votes = [child["sums"][option["key"]] for option in options]
    total = sum(votes)
    counts = child["counts"]
    state = "disputed" if counts["disputed"] else "complete" if counts["complete"] else "partial"
    if not counts["disputed"] and not any(child["sums"].values()) and not counts[COUNTED]:
        state = "received" if counts["received"] else "excluded" if counts["excluded"] else "empty"
    return {
        "name": child["name"],
        "address": address(document, {"code": child["code"], "level": document["children_level"]}),
        "stations": child["stations"],
        "counted": counts[COUNTED],
        "coverage": counts[COUNTED] / child["stations"] if child["stations"] else None,
        "disputed": counts["disputed"],
        "state": state,
        "state_word": STATES[state],
        "badge": BADGES.get(state, ""),
        "votes": [
            {
                "number": option["number"],
                "name": option["name"],
                "votes": vote,
                "share": vote / total if total else None,
            }
            for option, vote in zip(options, votes, strict=True)
        ],
        "valid": child["sums"].get("suara_sah"),
    }


def groups(fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The numbers of a form under their printed headings; L, P and J of a row beside each other.

    A long form's are `folded` and say how many of their numbers are `known`.
    """
    found: list[dict[str, Any]] = []
    for field in fields:
        if not found or found[-1]["name"] != field["group"]:
            found.append({"name": field["group"], "rows": []})
        rows = found[-1]["rows"]
        if not rows or rows[-1]["label"] != field["label"]:
            rows.append({"label": field["label"], "fields": []})
        rows[-1]["fields"].append(field)
    for group in found:
        fields = [field for row in group["rows"] for field in row["fields"]]
        group["columns"] = max(len(row["fields"]) for row in group["rows"])
        group["fields"] = len(fields)
        group["known"] = sum(field["value"] is not None for field in fields)
        group["folded"] = len(found) > MOST_OPEN
    return found


def broken(verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The broken rules in words and figures."""
    return [
        {"rule": verdict.rule, "title": verdict.title, "sentence": verdict.sentence(), "source": verdict.source}
        for verdict in map(Verdict.from_dict, verdicts)
        if not verdict.holds
    ]


def shown(photo: Mapping[str, Any]) -> dict[str, Any]:
    """A photo with the words for what became of it."""
    decision = photo["decision"]
    return {
        **photo,
        "state_word": PHOTO_STATES[photo["state"]],
        "badge": BADGES.get(photo["state"], ""),
        "how_word": HOW.get(decision["how"], "") if decision else "",
        "vote_word": vote(photo.get("vote")),
        "small": photo["pictures"].get("480"),
        "middle": photo["pictures"].get("1280"),
        "large": photo["pictures"].get("2560"),
    }


def exclusion(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Why a TPS is excluded, in words, with the numbers that do not count."""
    if said is None:
        return None
    word = translated(ExclusionReason(said["reason"]).label)
    return {**said, "word": word, "groups": groups(said["fields"])}


def vote(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Of which vote a photo is, and how that is known, in words."""
    if said is None:
        return None
    by_two = _("ditetapkan dua verifikator: %(reason)s")
    reason = translated(VoteReason(said["reason"]).label) if said["reason"] else ""
    how = by_two % {"reason": reason} if reason else _("menurut waktu diterima")
    return {"word": translated(Vote(said["vote"]).label), "how": how}


def answers(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What came of reports, in words."""
    return [{**one, "word": translated(ReportGroup.Outcome(one["outcome"]).label)} for one in reports]


def found(places: Sequence[Place], contest: Contest) -> list[dict[str, Any]]:
    """Places that were looked for, each with its address in this contest."""
    where = [contest.election_id, contest.code]
    return [
        {
            "name": place.name,
            "within": place.within,
            "address": reverse(f"aggregation:{'station' if place.is_station else 'region'}", args=[*where, place.code]),
        }
        for place in places
    ]
