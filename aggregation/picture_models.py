"""What maps and charts are drawn from. Nothing is counted by it: it can be imported, or taken, again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tps.models import Contest, Region


class MapSheet(models.Model):
    """The map of the regions below one: how large it is, and from which file. Written by `import_boundaries` only."""

    # No primary key: the nation's code is empty, which a key of a key does not carry.
    parent = models.OneToOneField(Region, on_delete=models.CASCADE, related_name="+")
    width = models.SmallIntegerField()
    height = models.SmallIntegerField()
    source = models.CharField(max_length=120)  # the file's name
    source_sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="a_map_sheet_has_a_size"),
            models.CheckConstraint(
                condition=Q(source_sha256__regex=r"^[0-9a-f]{64}$"), name="a_map_sheet_names_its_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent_id}: {self.width} x {self.height}"


class MapOutline(models.Model):
    """A region on its parent's sheet (`aggregation.simplification.Outline`)."""

    region = models.OneToOneField(Region, primary_key=True, on_delete=models.CASCADE, related_name="+")
    sheet = models.ForeignKey(MapSheet, on_delete=models.CASCADE, related_name="outlines")
    path = models.TextField()
    x = models.SmallIntegerField()
    y = models.SmallIntegerField()
    room = models.SmallIntegerField()

    class Meta:
        constraints = [
            # The path goes into a page as it is.
            models.CheckConstraint(condition=Q(path__regex=r"^[MlhvzZ0-9 -]+$"), name="an_outline_is_a_plain_path"),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} on sheet {self.sheet_id}"


class MapTile(models.Model):
    """Where a region stands in a tile grid that an operator imported; without one, `aggregation.tile_grid` lays it."""

    region = models.OneToOneField(Region, primary_key=True, on_delete=models.CASCADE, related_name="+")
    column = models.SmallIntegerField()
    row = models.SmallIntegerField()
    abbreviation = models.CharField(max_length=4)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(column__range=(0, 39), row__range=(0, 39)), name="a_tile_lies_in_a_grid_of_40_by_40"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.column}, {self.row}"


class TallySample(models.Model):
    """What stood in one region at one moment: a point of its history.

    Ours are taken by `aggregation.samples.take`; `official` ones are what the official count said then.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)
    official = models.BooleanField(default=False)
    at = models.DateTimeField()
    version = models.BigIntegerField(default=0)  # of the tally; an official one has none
    stations = models.IntegerField()
    counted = models.IntegerField()
    votes = ArrayField(models.BigIntegerField())  # of each option, in ballot order

    class Meta:
        constraints = [
            # Its index serves the history of a region, and finds its newest point.
            models.UniqueConstraint(
                fields=["contest", "region", "official", "at"], name="one_sample_per_region_and_moment"
            ),
            models.CheckConstraint(condition=Q(counted__gte=0, stations__gte=0), name="a_sample_counts_no_less_than_0"),
        ]

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id} v{self.version}"
