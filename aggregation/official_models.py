"""What an official source (KPU's Sirekap, say) has published, as versions over time, and how it differs from ours.

`figures` are in the order of the source's `keys`; NULL in them is "not published", which is never 0. Snapshots and
figures are evidence: rows are added, never edited. Differences and sums are computed from them and from our results.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Now

from tps.models import Contest, PollingStation, Region


class OfficialSource(models.Model):
    """Whose figures they are, for one contest. `keys` may grow at its end only: arrays that lie there fit it for ever.

    `refreshed_*` say of which of our versions, and after which of its snapshots, the differences are.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, db_index=False)
    word = models.CharField(max_length=20)  # "sirekap"
    keys = ArrayField(models.CharField(max_length=60))  # fields of the form, as in `aggregation.columns`
    refreshed_version = models.BigIntegerField(null=True)
    refreshed_snapshot = models.BigIntegerField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "word"], name="one_official_source_per_contest_and_word"),
            models.CheckConstraint(condition=Q(word__regex=r"^[a-z][a-z0-9-]*$"), name="official_source_is_a_word"),
        ]

    def __str__(self) -> str:
        return self.word


class OfficialSnapshot(models.Model):
    """What a source published at one instant, of its TPS or of its regions. Never edited.

    It speaks of the codes in `observed`, and of everything in the regions it `covers`: what lies there and is not in
    the file was not published.
    """

    class About(models.TextChoices):
        STATIONS = "tps", "TPS"
        REGIONS = "region", "wilayah"

    source = models.ForeignKey(OfficialSource, on_delete=models.PROTECT, db_index=False)
    about = models.CharField(max_length=6, choices=About.choices)
    taken_at = models.DateTimeField()
    file = models.CharField(max_length=64)  # SHA-256 of the file it came in
    figures = models.CharField(max_length=64)  # SHA-256 of `official_file.canonical`
    width = models.SmallIntegerField()  # how many keys the source had then
    rows = models.IntegerField()
    changed = models.IntegerField()  # versions that it brought
    observed = ArrayField(models.CharField(max_length=13))  # large: read where it is needed only
    covers = ArrayField(models.CharField(max_length=10), default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )  # or command
    imported_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "about", "taken_at"], name="one_official_snapshot_per_instant"),
            models.CheckConstraint(
                condition=Q(about__in=["tps", "region"]), name="official_snapshot_is_about_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.about} {self.taken_at:%Y-%m-%d %H:%M:%S}"


class OfficialFigure(models.Model):
    """A version of a source's figures for one TPS or region, valid from `taken_at` until the next one. Never edited.

    `change` says how it differs from the version before it. It is derived, and set anew where an older snapshot comes
    in later; `same` is then what was a change before, and is passed over.
    """

    class Change(models.TextChoices):
        FIRST = "first", "pertama"
        CHANGED = "changed", "diubah"
        WITHDRAWN = "withdrawn", "ditarik"
        RETURNED = "returned", "kembali"
        SAME = "same", "sama"

    source = models.ForeignKey(OfficialSource, on_delete=models.PROTECT, db_index=False)
    snapshot = models.ForeignKey(OfficialSnapshot, on_delete=models.PROTECT, db_index=False)
    code = models.CharField(max_length=13, db_collation="C")  # of the TPS, or of the region ("" is the nation)
    station = models.ForeignKey(PollingStation, null=True, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)  # itself, or the TPS's village
    taken_at = models.DateTimeField()  # the snapshot's
    figures = ArrayField(models.IntegerField(null=True), null=True)  # NULL: withdrawn
    change = models.CharField(max_length=9, choices=Change.choices)

    class Meta:
        constraints = [
            # Its index also finds the newest figures of a code, and all codes of a source in order.
            models.UniqueConstraint(fields=["source", "code", "taken_at"], name="one_official_figure_per_instant"),
            models.CheckConstraint(
                condition=Q(station__isnull=True, code=F("region"))
                | Q(station__isnull=False, code__regex=r"^[0-9]{13}$", region=Left("code", 10)),
                name="official_figure_is_of_a_tps_or_a_region",
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "-snapshot", "-id"],
                condition=Q(station__isnull=False, change__in=["changed", "withdrawn", "returned"]),
                name="official_figure_that_changed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.taken_at:%Y-%m-%d %H:%M:%S}"


class OfficialDifference(models.Model):
    """A TPS where our numbers and a source's differ; computed by `official_differences.refresh`."""

    source = models.ForeignKey(OfficialSource, on_delete=models.CASCADE, db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT, db_index=False)
    code = models.CharField(max_length=13, db_collation="C")
    ours = ArrayField(models.IntegerField(null=True))  # in the order of the source's keys
    theirs = ArrayField(models.IntegerField(null=True))
    votes = models.IntegerField()  # by how many votes they differ, summed over the options that both have
    others = models.IntegerField()  # the same of all other fields that both have
    taken_at = models.DateTimeField()  # since when theirs stand
    how = models.CharField(max_length=12, blank=True)  # how our votes were settled, where all of them stand

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="one_official_difference_per_tps")]
        indexes = [models.Index(fields=["source", "-votes", "-others", "code"], name="largest_official_difference")]

    def __str__(self) -> str:
        return f"{self.code}: {self.votes}"


class OfficialTally(models.Model):
    """A source's figures of TPS, summed for one region; computed by `official_differences.refresh`.

    `sums` are over all TPS with a figure, `behind` counts the TPS behind each. `ours` and `theirs` compare like with
    like: over the TPS, `paired` of them, where the votes of all options stand on both sides; of other fields over those
    of them where both have it (`compared`).
    """

    source = models.ForeignKey(OfficialSource, on_delete=models.CASCADE, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)
    stations = models.IntegerField()  # TPS with a figure
    paired = models.IntegerField()
    differ = models.IntegerField()  # TPS of `paired` whose votes differ
    sums = ArrayField(models.BigIntegerField())
    behind = ArrayField(models.IntegerField())
    ours = ArrayField(models.BigIntegerField())
    theirs = ArrayField(models.BigIntegerField())
    compared = ArrayField(models.IntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "region"], name="one_official_tally_per_region")]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.stations}"
