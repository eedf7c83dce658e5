"""How the public API is described: documents as serializers, for OpenAPI only; `*_document.py` make the bytes."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers as s

from aggregation.models import ExclusionReason, Vote, VoteReason
from transcription.models import ReportGroup, SurgeTurn

ELECTION = OpenApiParameter("election", str, OpenApiParameter.PATH, description="Code of the election.")
CONTEST = OpenApiParameter("contest", str, OpenApiParameter.PATH, description="Code of the contest, such as `ppwp`.")
REGION = OpenApiParameter(
    "region",
    str,
    OpenApiParameter.PATH,
    description="2, 4, 6 or 10 digits, or `nasional`.",
    pattern=r"^(nasional|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10})$",
)
STATION = OpenApiParameter(
    "station", str, OpenApiParameter.PATH, description="Village code and TPS number.", pattern=r"^[0-9]{13}$"
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="An ETag from an earlier answer: 304 where nothing changed.",
)
UNCHANGED = OpenApiResponse(description="What you have is still current.")


def _error(name: str) -> Any:
    return inline_serializer(
        name, {"error": inline_serializer(f"{name}Body", {"code": s.CharField(), "message": s.CharField()})}
    )


NOT_FOUND = OpenApiResponse(_error("NotFound"), description="No such election, contest, region or TPS.")


class Place(s.Serializer[Any]):
    code = s.CharField(help_text="Digits, or `nasional`.")
    name = s.CharField()
    level = s.ChoiceField(["nasional", "provinsi", "kabupaten", "kecamatan", "kelurahan"])


class ElectionPart(s.Serializer[Any]):
    code = s.CharField()
    name = s.CharField()
    date = s.DateField()


class ContestPart(s.Serializer[Any]):
    code = s.CharField()
    name = s.CharField()
    kind = s.CharField()


class OptionPart(s.Serializer[Any]):
    key = s.CharField(help_text="The key of its votes in `sums` and `shares`.")
    number = s.IntegerField(help_text="Number on the ballot.")
    name = s.CharField()


def _numbers(text: str) -> s.DictField:
    return s.DictField(child=s.IntegerField(), help_text=text)


class BrokenRule(s.Serializer[Any]):
    """How many TPS break one rule of the form; their numbers are kept as written."""

    rule = s.CharField()
    title = s.CharField()
    stations = s.IntegerField()


class Child(s.Serializer[Any]):
    code = s.CharField(help_text="Code of the region or TPS.")
    name = s.CharField()
    stations = s.IntegerField(help_text="TPS that vote here; 1 for a TPS.")
    registered_voters = s.IntegerField(allow_null=True, help_text="DPT as far as known.")
    dpt_known = s.IntegerField(help_text="TPS whose DPT is known.")
    sums = _numbers("As in the document; over all children they add up to its own.")
    counts = _numbers("As in the document; over all children they add up to its own.")
    voters_counted = s.IntegerField(help_text="DPT of the counted TPS, as far as known.")
    document = s.CharField(
        required=False,
        help_text="Its own document of this cut: `/dokumen/<election>/<contest>/<code>/<document>.json`.",
    )


class WithoutDisputed(s.Serializer[Any]):
    """The votes without those of TPS in dispute."""

    counted = s.IntegerField()
    sums = _numbers("Votes for each option.")
    shares = s.DictField(child=s.FloatField(allow_null=True))


class RegionDocument(s.Serializer[Any]):
    """What stands in one region, of one consistent cut."""

    format = s.IntegerField()
    election = ElectionPart()
    contest = ContestPart()
    region = Place()
    path = Place(many=True)
    version = s.IntegerField(help_text="Grows with each change of this region.")
    cut = s.IntegerField(help_text="Entries of the log below this index are in these sums.")
    changed_at = s.DateTimeField(allow_null=True)
    options = OptionPart(many=True)
    stations = s.IntegerField(help_text="TPS that vote here, counted or not.")
    registered_voters = s.IntegerField(help_text="DPT as far as known.")
    dpt_known = s.IntegerField(help_text="TPS whose DPT is known.")
    sums = _numbers("Sum of each number of the form over the TPS where it stands, as written on the paper.")
    shares = s.DictField(
        child=s.FloatField(allow_null=True), help_text="Each option's part of the votes for all options, 0 to 1."
    )
    stations_behind = _numbers("TPS whose number stands behind each sum.")
    counts = _numbers(
        "TPS received, counted, complete, disputed, flagged, excluded, how the counted ones were settled, how many of"
        " them a program read alike, and how many are in dispute."
    )
    coverage = s.DictField(
        child=s.FloatField(allow_null=True),
        help_text="Parts of `stations`, 0 to 1, and `voters`: the counted TPS' part of the DPT (null where it is not"
        " known of 99 % of the TPS).",
    )
    voters_counted = s.IntegerField(help_text="DPT of the counted TPS, as far as known.")
    without_disputed = WithoutDisputed()
    broken_rules = BrokenRule(many=True)
    labels = s.DictField(child=s.CharField(), help_text="What is printed beside each number that is summed.")
    children_level = s.CharField()
    children = Child(many=True)


class Reading(s.Serializer[Any]):
    photo = s.UUIDField()
    value = s.JSONField()


class FieldPart(s.Serializer[Any]):
    key = s.CharField()
    label = s.CharField()  # type: ignore[assignment]
    group = s.CharField()
    column = s.CharField(allow_blank=True)
    value = s.JSONField(
        allow_null=True, help_text='A number, "kosong" (empty box), "tidak_terbaca" (unreadable), or null.'
    )
    state = s.ChoiceField(["stands", "disputed", "unreadable", "missing"])
    photo = s.UUIDField(allow_null=True, help_text="The photo this number was read from.")
    readings = Reading(many=True, help_text="What each photo says, where they differ.")


class VerdictPart(s.Serializer[Any]):
    rule = s.CharField()
    holds = s.BooleanField()
    severity = s.ChoiceField(["hard", "soft"])
    formula = s.CharField()
    inputs = s.DictField(child=s.IntegerField())
    difference = s.IntegerField()
    source = s.CharField()  # type: ignore[assignment]
    kind = s.CharField()
    title = s.CharField()


class DecisionPart(s.Serializer[Any]):
    version = s.IntegerField()
    outcome = s.CharField()
    how = s.CharField()
    decided_at = s.DateTimeField()
    problem = s.CharField(allow_null=True)
    broken_rules = s.ListField(child=s.CharField())


class PhotoVotePart(s.Serializer[Any]):
    """Of which vote a photo is, where the vote was repeated."""

    vote = s.ChoiceField(Vote.values)
    by = s.ChoiceField(["time", "adjudicators"], help_text="By when it was received, or by two adjudicators.")
    reason = s.ChoiceField(VoteReason.values, allow_null=True)


class PhotoPart(s.Serializer[Any]):
    id = s.UUIDField()
    state = s.ChoiceField(["inspected", "waiting", "accepted", "rejected", "moved", "withdrawn"])
    page = s.IntegerField(allow_null=True)
    page_label = s.CharField(allow_null=True)
    received_at = s.DateTimeField()
    pictures = s.DictField(child=s.CharField(), help_text="Address of each public copy by its longer side in pixels.")
    decision = DecisionPart(allow_null=True)
    counts = s.BooleanField(help_text="False: of a vote that does not count here.")
    vote = PhotoVotePart(allow_null=True)


class PagePart(s.Serializer[Any]):
    number = s.IntegerField()
    label = s.CharField()  # type: ignore[assignment]
    state = s.ChoiceField(["complete", "partial", "waiting", "missing"])


class StationPart(s.Serializer[Any]):
    code = s.CharField()
    name = s.CharField()
    number = s.IntegerField()
    registered_voters = s.IntegerField(allow_null=True)


class ExclusionPart(s.Serializer[Any]):
    """Why this TPS is excluded, or was replaced by a repeated vote."""

    reason = s.ChoiceField(ExclusionReason.values)
    since = s.DateTimeField(
        allow_null=True,
        help_text="Photos received from then on are the repeated vote's and count; two adjudicators may say otherwise.",
    )
    excluded_at = s.DateTimeField()
    fields_ = FieldPart(many=True, help_text="What was read of the vote that does not count.")

    def get_fields(self) -> dict[str, Any]:
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class AnswerPart(s.Serializer[Any]):
    """What an adjudicator answered to all that the public had reported of this TPS."""

    answered_at = s.DateTimeField()
    outcome = s.ChoiceField(ReportGroup.Outcome.values)


class OfficialField(s.Serializer[Any]):
    """A number that stands on both sides."""

    key = s.CharField()
    ours = s.IntegerField()
    theirs = s.IntegerField()


class OfficialPart(s.Serializer[Any]):
    source = s.CharField()  # type: ignore[assignment]
    taken_at = s.DateTimeField(allow_null=True, help_text="Since when these figures are published.")
    fields_ = OfficialField(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class StationDocument(s.Serializer[Any]):
    """What stands at one TPS."""

    format = s.IntegerField()
    election = ElectionPart()
    contest = ContestPart()
    station = StationPart()
    path = Place(many=True)
    version = s.IntegerField()
    changed_at = s.DateTimeField(allow_null=True)
    state = s.ChoiceField(["empty", "received", "partial", "complete", "disputed", "excluded"])
    form_confirmed = s.BooleanField(help_text="False: the form's layout was inferred, not read from an official one.")
    candidates_known = s.BooleanField(
        help_text="False: the candidates are not in the data; only parties, or numbers without names, are read."
    )
    options = OptionPart(many=True)
    shares = s.DictField(child=s.FloatField(allow_null=True))
    fields_ = FieldPart(many=True)
    pages = PagePart(many=True, help_text="How far each sheet of the form is known.")
    verdicts = VerdictPart(many=True)
    cross_checks = VerdictPart(
        many=True,
        help_text="R16 against the other ballots of the TPS, R18 and R13 on its photos; no part of the result.",
    )
    photos = PhotoPart(many=True)
    exclusion = ExclusionPart(allow_null=True)
    official = OfficialPart(allow_null=True, help_text="What the official count published of this TPS.")
    contests = ContestPart(many=True, help_text="All that is voted on at this TPS.")
    reports = AnswerPart(many=True, help_text="Answered reports only, the newest first.")

    def get_fields(self) -> dict[str, Any]:
        # `fields` is a name of DRF's own.
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class BacklogHour(s.Serializer[Any]):
    """Photos that came and entries in the last 60 minutes."""

    photos = s.IntegerField()
    entries = s.IntegerField()


class BacklogTotal(s.Serializer[Any]):
    photos = s.IntegerField(help_text="All that were sent and not withdrawn.")
    waiting = s.IntegerField(help_text="Photos that somebody is still to read.")
    entries_wanted = s.IntegerField(help_text="Readings these photos still want: two each, more where people differ.")
    with_adjudicator = s.IntegerField(help_text="Photos that wait for an adjudicator.")
    done = s.IntegerField(help_text="Photos that are decided and recorded.")
    disputed_stations = s.IntegerField(help_text="TPS of which two decided photos differ.")
    oldest_waiting_since = s.DateTimeField(allow_null=True, help_text="When the oldest of those waiting was sent.")
    last_hour = BacklogHour()
    minutes_left = s.IntegerField(
        allow_null=True,
        help_text="`entries_wanted` at the pace of the last hour; null where more was wanted in it than was read.",
    )


class BacklogLine(BacklogTotal):
    """One province."""

    code = s.CharField()
    name = s.CharField()


class BacklogOfHour(s.Serializer[Any]):
    """A whole hour; the first one listed is not over. Of all elections of this instance."""

    hour = s.DateTimeField(help_text="When it began.")
    photos = s.IntegerField()
    entries = s.IntegerField()
    decisions = s.IntegerField()
    disputed_stations = s.IntegerField(help_text="TPS in dispute now, since that hour.")


class Named(s.Serializer[Any]):
    code = s.CharField()
    name = s.CharField()


class SampleProgress(s.Serializer[Any]):
    """TPS that were drawn by a seed in the ledger (`draw`), a share of each region."""

    stations = s.IntegerField()
    read = s.IntegerField(help_text="Of these, TPS of which numbers are known.")


class ServedFirst(s.Serializer[Any]):
    """What an operator has read before others: a region, a contest, or a sample of its TPS; in the ledger: `surge`."""

    region = Named(allow_null=True)
    contest = Named(allow_null=True)
    sample = SampleProgress(allow_null=True)
    reason = s.ChoiceField(SurgeTurn.Reason.values)
    since = s.DateTimeField()


class BacklogPlace(s.Serializer[Any]):
    code = s.CharField(help_text="`nasional`.")
    name = s.CharField()


class BacklogDocument(s.Serializer[Any]):
    """How much waits to be read, and how fast it is read."""

    format = s.IntegerField()
    election = ElectionPart()
    region = BacklogPlace()
    path = BacklogPlace(many=True)
    measured_at = s.DateTimeField()
    served_first = ServedFirst(many=True)
    total = BacklogTotal()
    regions = BacklogLine(many=True)
    hours = BacklogOfHour(many=True)


REGION_DOCUMENT = RegionDocument
STATION_DOCUMENT = StationDocument
BACKLOG_DOCUMENT = BacklogDocument
