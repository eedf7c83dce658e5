"""Results of stations, and the sums above them. Every index costs each fold: there are no others than are read."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ledger.models import Event
from tps.models import Contest, PollingStation, Region


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
    changed_at = models.DateTimeField(db_default=Now())

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
