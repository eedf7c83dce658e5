"""Results of stations, and the sums above them. Every index costs each fold: there are no others than are read."""

from datetime import date, datetime
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _  # labels stay Indonesian in data; templates translate

from accounts.models import Device, Proposal
from aggregation import clock
from aggregation.anomalies import Kind
from ledger.models import Event
from tps.models import Contest, PollingStation, Region
from uploads.models import Photo


class Result(models.Model):
    """The numbers of one contest at one TPS, put together from the decisions on its photos.

    `amounts` are what this TPS adds to every region above it, in the order of `aggregation.columns`; a
    tally is their sum. Version 0 has never been anything but empty.
    """

    class State(models.TextChoices):
        EMPTY = "empty", "tanpa foto"  # all its photos were rejected or moved away
        RECEIVED = "received", "diterima"  # photos are there, nothing decided yet
        PARTIAL = "partial", "sebagian"  # some numbers stand
        COMPLETE = "complete", "lengkap"  # every number of the form stands
        DISPUTED = "disputed", "sengketa"  # two decided photos differ
        EXCLUDED = "excluded", "dikecualikan"  # its count does not count (`aggregation.exclusions`)

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)  # the station's village
    version = models.IntegerField(default=0)
    rule_version = models.SmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.EMPTY)
    numbers = models.JSONField(default=dict)  # all decided fields, as on the paper
    disputed = ArrayField(models.CharField(max_length=60), default=list)  # fields on which photos differ
    broken_rules = ArrayField(models.CharField(max_length=8), default=list)
    decisions = ArrayField(models.UUIDField(), default=list)
    amounts = ArrayField(models.IntegerField(), default=list)
    exclusion = models.ForeignKey("ExclusionTurn", null=True, on_delete=models.PROTECT, db_index=False)  # that stands
    changed_at = models.DateTimeField(db_default=Now())
    state_at = models.DateTimeField(db_default=Now())  # since when it is in this state

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "station"], name="one_result_per_contest_and_tps"),
            models.CheckConstraint(
                condition=~Q(state="disputed") ^ ~Q(disputed=[]), name="a_disputed_result_names_the_fields"
            ),
        ]
        indexes = [
            models.Index(fields=["contest", "region"], condition=Q(state="disputed"), name="result_in_dispute"),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.contest_id} v{self.version}"


class Delta(models.Model):
    """What one change of a result adds to the sums above it; waits to be folded.

    `event` is the `select` entry of the same transaction: a delta is folded after its entry has a place
    in the log, so every tally is the fold of a prefix of the log.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)  # the station's village
    amounts = ArrayField(models.IntegerField())
    event = models.OneToOneField(Event, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return str(self.pk)


class Tally(models.Model):
    """The sums for one contest in one region. Changed by the folder only."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)
    stations = models.IntegerField()  # TPS that vote in this contest here, counted or not
    registered_voters = models.BigIntegerField(default=0)  # their DPT, as far as known
    dpt_known = models.IntegerField(default=0, db_default=0)  # TPS whose DPT is known
    # Plain integers: a million TPS of 999 each are less than half of what fits.
    amounts = ArrayField(models.IntegerField())
    version = models.BigIntegerField(default=0)  # the snapshot in which it last changed
    cut = models.BigIntegerField(default=0)  # the cut of that snapshot
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contest", "region"], name="one_tally_per_contest_and_region")]
        indexes = [models.Index(fields=["contest", "version"])]

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id} v{self.version}"


class Snapshot(models.Model):
    """The newest consistent cut of one contest: which version is folded, and which is published.

    All `select` entries with a log index below `cut` are in the tallies, and none from there on.
    """

    contest = models.OneToOneField(Contest, on_delete=models.PROTECT, primary_key=True)
    version = models.BigIntegerField(default=0)
    published = models.BigIntegerField(default=0)
    cut = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.contest_id} v{self.version}"


class ExclusionReason(models.TextChoices):
    """Why the count of a TPS does not count; all that the public is told."""

    PSU = "psu", _("pemungutan suara ulang (PSU)")
    COURT = "court", _("putusan Mahkamah Konstitusi")
    DESTROYED = "destroyed", _("surat suara atau formulir rusak atau hilang")
    NOT_HELD = "not_held", _("pemungutan suara tidak dilaksanakan")


class ExclusionProposal(Proposal):
    """That a TPS is to be excluded from a contest (`reason`), or counted again (no reason)."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    reason = models.CharField(max_length=9, blank=True, choices=ExclusionReason.choices)
    since = models.DateTimeField(null=True)
    address_block = models.CharField(max_length=32, blank=True)  # the proposer's

    class Meta:
        constraints = [
            Proposal.one_open(["contest", "station"], "one_open_proposal_per_contest_and_tps"),
            Proposal.takes_two("two_people_exclude_a_tps"),
            Proposal.closed_by_somebody("a_closed_exclusion_proposal_says_by_whom"),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.contest_id}: {self.reason or 'end'}"

    @property
    def repeated_on(self) -> date | None:
        return _day_there(self.since, self.station)

    @property
    def day(self) -> str:
        """The day of the repeated vote as forms write it."""
        return self.repeated_on.isoformat() if self.repeated_on else ""


class ExclusionTurn(models.Model):
    """Two people excluded a TPS from a contest, or ended that. Rows are added, never edited; the newest one stands.

    In a repeated vote, photos received before `since` are of the earlier one and do not count.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    reason = models.CharField(max_length=9, blank=True, choices=ExclusionReason.choices)  # none: counted again
    since = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=models.F("second")), name="two_people_turn_an_exclusion"),
            models.CheckConstraint(
                condition=Q(reason="psu", since__isnull=False) | (~Q(reason="psu") & Q(since__isnull=True)),
                name="a_repeated_vote_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["station", "contest", "-id"], name="newest_exclusion_of_a_tps")]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.contest_id}: {self.reason or 'ended'}"

    @property
    def repeated_on(self) -> date | None:
        return _day_there(self.since, self.station)


def _day_there(since: datetime | None, station: PollingStation) -> date | None:
    """The day of a repeated vote, which began at `since`, on the clocks of the TPS."""
    return clock.local(since, station.code)[0].date() if since else None


class Vote(models.TextChoices):
    """Which of the two votes of a TPS a photo's form is of, where the vote was repeated."""

    FIRST = "first", _("pemungutan suara pertama")
    REPEATED = "repeated", _("pemungutan suara ulang")


class VoteReason(models.TextChoices):
    """By what an adjudicator knows it; all that the public is told."""

    DATE = "date", _("tanggal yang tertulis di formulir")
    TITLE = "title", _("tanda PSU pada formulir")
    ALIKE = "alike", _("sama dengan foto lain dari pemungutan suara itu")


class VoteWord(models.Model):
    """One adjudicator's word of which vote a photo is. Rows are added, never edited.

    It waits until another adjudicator says the same: that word is `after` it, and from then on the photo is of that
    vote, whenever it was received. The newest word that is after another one stands; a newer one of its own waits, and
    a word that says what stands already takes back what waited.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, db_index=False)
    number = models.PositiveSmallIntegerField()  # of the words about this photo
    vote = models.CharField(max_length=8, choices=Vote.choices)
    reason = models.CharField(max_length=5, choices=VoteReason.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    address_block = models.CharField(max_length=32, blank=True)
    after = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "number"], name="words_of_a_photos_vote_are_numbered"),
            models.CheckConstraint(condition=Q(vote__in=Vote.values), name="there_are_two_votes"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.vote}"


# Tables of their own module; Django looks for them here.
from aggregation.picture_models import MapOutline, MapSheet, MapTile, TallySample  # noqa: E402, F401


class Question(models.Model):
    """Something about a result that somebody should look at again (`aggregation.anomalies`).

    Made from results and photos, by `aggregation.questions` alone; can be made again, but for when it was first asked.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, db_index=False, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.CASCADE, db_index=False, related_name="+")  # its village
    kind = models.CharField(max_length=9, choices=Kind.choices)
    rank = models.IntegerField()  # the higher, the sooner it is shown
    other = models.ForeignKey(PollingStation, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    # The two that look alike; for other kinds the photo is that behind the result (`questions.listed`).
    photo = models.ForeignKey(Photo, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    other_photo = models.ForeignKey(Photo, null=True, on_delete=models.CASCADE, db_index=False, related_name="+")
    facts = models.JSONField(default=dict)
    raised_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "station", "kind"], name="one_question_of_a_kind_per_tps"),
        ]
        indexes = [
            models.Index(fields=["contest", "-rank", "id"], name="question_by_rank"),
            models.Index(fields=["contest", "kind", "-rank", "id"], name="question_of_kind_by_rank"),
            models.Index(fields=["contest", "region"], name="question_by_region"),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}/{self.contest_id}: {self.kind}"


class QuestionScan(models.Model):
    """When the results of a contest were last looked at for questions."""

    contest = models.OneToOneField(Contest, on_delete=models.CASCADE, primary_key=True)
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.contest_id}: {self.looked_at}"


class AuditRun(models.Model):
    """One run of the audit (`aggregation.audit_runs`): when, over what, and how much it found. Rows are added."""

    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(db_default=Now())
    differences = models.IntegerField()
    first = ArrayField(models.CharField(max_length=300), default=list)  # some of them, by name

    def __str__(self) -> str:
        return f"{self.began_at}: {self.differences}"


from aggregation.official_models import (  # noqa: E402, F401 -- Django looks for tables in this module only
    OfficialDifference,
    OfficialFigure,
    OfficialSnapshot,
    OfficialSource,
    OfficialTally,
)
