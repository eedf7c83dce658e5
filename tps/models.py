"""Reference data: regions, polling stations, elections, contests, options."""

from django.db import models
from django.db.models import Q

NATION = ""


class Region(models.Model):
    """A region (wilayah) by KPU code: 0, 2, 4, 6 or 10 digits = nation, provinsi, kabupaten/kota, kecamatan,
    kelurahan/desa. A code's prefix is its parent; overseas regions start with 99.
    """

    code = models.CharField(primary_key=True, max_length=10, db_collation="C")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    level = models.SmallIntegerField()
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(level__range=(0, 4)), name="region_has_a_level_from_0_to_4"),
            models.CheckConstraint(condition=Q(code="") ^ Q(level__gt=0), name="only_the_nation_is_on_top"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def overseas(self) -> bool:
        return self.code.startswith("99")


class Election(models.Model):
    """One election day. Several live side by side; one is the current one."""

    code = models.SlugField(primary_key=True, max_length=40)  # also the name of its ledger
    name = models.CharField(max_length=120)
    date = models.DateField()
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="one_current_election")
        ]

    def __str__(self) -> str:
        return self.name


class PollingStation(models.Model):
    """A TPS of one election: village code (10 digits) + number (3 digits)."""

    election = models.ForeignKey(Election, on_delete=models.PROTECT)
    code = models.CharField(max_length=13, db_collation="C")
    region = models.ForeignKey(Region, on_delete=models.PROTECT)
    number = models.SmallIntegerField()
    registered_voters = models.IntegerField(null=True, blank=True, help_text="DPT; unknown where empty")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["election", "code"], name="one_tps_per_election_and_code"),
            models.CheckConstraint(condition=Q(number__range=(0, 999)), name="tps_number_has_three_digits"),
        ]

    def __str__(self) -> str:
        return f"TPS {self.number:03d}"


class Contest(models.Model):
    """What is voted on: PPWP, DPR, DPD, DPRD. `form` names the form definition in `tps/forms/`."""

    class Kind(models.TextChoices):
        PPWP = "ppwp", "Presiden dan Wakil Presiden"
        DPR = "dpr", "DPR"
        DPD = "dpd", "DPD"
        DPRD_PROV = "dprd_prov", "DPRD Provinsi"
        DPRD_KABKO = "dprd_kabko", "DPRD Kabupaten/Kota"

    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="contests")
    code = models.SlugField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=120)
    form = models.CharField(max_length=40)
    # Where it is voted on: these regions and all below them; none means the nation.
    area = models.ManyToManyField(Region, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["election", "code"], name="one_contest_per_election_and_code")]

    def __str__(self) -> str:
        return self.name


class Option(models.Model):
    """A paslon, a party, or a party's candidate (then `party` is set)."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="options")
    party = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="candidates")
    number = models.SmallIntegerField()
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "party", "number"], name="one_option_per_number", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"
