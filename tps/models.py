"""Reference data: regions, polling stations, elections, contests, options.

Rows change through the importers, `tps.elections` and the admin only, and every change is told in the ledger
(`tps.reference`).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat, Left, LPad, Upper

NATION = ""


def above(code: str) -> list[str]:
    """The codes of the regions above a region or TPS, nation first."""
    return [code[:length] for length in (0, 2, 4, 6, 10) if length < len(code)]


class Region(models.Model):
    """A region (wilayah) by KPU code: 0, 2, 4, 6 or 10 digits = nation, provinsi, kabupaten/kota, kecamatan,
    kelurahan/desa. A code's prefix is its parent; overseas regions start with 99.
    """

    code = models.CharField(primary_key=True, max_length=10, db_collation="C")
    # Its index stands in Meta: Django would add a second one, for LIKE, which collation "C" makes needless.
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children", db_index=False)
    level = models.SmallIntegerField()
    name = models.CharField(max_length=120)

    class Meta:
        verbose_name = "wilayah"
        verbose_name_plural = "wilayah"
        constraints = [
            models.CheckConstraint(condition=Q(level__range=(0, 4)), name="region_has_a_level_from_0_to_4"),
            models.CheckConstraint(condition=Q(code="") ^ Q(level__gt=0), name="only_the_nation_is_on_top"),
            models.CheckConstraint(
                condition=Q(code="", parent__isnull=True)
                | Q(parent__isnull=False)  # said aloud: a check that comes out as NULL would pass
                & (
                    Q(level=1, code__regex=r"^\d{2}$", parent="")
                    | Q(level=2, code__regex=r"^\d{4}$", parent=Left("code", 2))
                    | Q(level=3, code__regex=r"^\d{6}$", parent=Left("code", 4))
                    | Q(level=4, code__regex=r"^\d{10}$", parent=Left("code", 6))
                ),
                name="region_lies_in_its_parent",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="region_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["parent", "code"]),
            # Upper: what `icontains` asks for.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="region_by_part_of_its_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def overseas(self) -> bool:
        return self.code.startswith("99")

    @property
    def path(self) -> list[str]:
        """The codes above it, nation first, itself last."""
        return [*above(self.code), self.code]


# The consensus rule that this program decides by (`transcription.agreement.RULE_VERSION`; a test compares).
RULE_OF_NEW_ELECTIONS = 6


class Election(models.Model):
    """One election day. Several live side by side; one is the current one."""

    code = models.SlugField(primary_key=True, max_length=40)  # also the name of its ledger
    name = models.CharField(max_length=120)
    date = models.DateField()
    is_current = models.BooleanField(default=False)
    # Which version of the consensus rule decides in it; stands in the genesis entry and never changes after it.
    rule_version = models.SmallIntegerField(default=RULE_OF_NEW_ELECTIONS)
    # SHA-256 of each part of its reference data as last told in the ledger; see `tps.reference`.
    hashes = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = "pemilu"
        verbose_name_plural = "pemilu"
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="one_current_election"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[a-z0-9][a-z0-9-]*$"), name="election_code_is_a_plain_word"
            ),
            models.CheckConstraint(condition=Q(rule_version__range=(1, 999)), name="election_has_a_rule_version"),
        ]

    def __str__(self) -> str:
        return self.name


class PollingStation(models.Model):
    """A TPS of one election: village code (10 digits) + number (3 digits)."""

    election = models.ForeignKey(Election, on_delete=models.PROTECT)
    code = models.CharField(max_length=13, db_collation="C")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)  # index in Meta, as for Region
    number = models.SmallIntegerField()
    registered_voters = models.IntegerField(null=True, blank=True, help_text="DPT; unknown where empty")

    class Meta:
        verbose_name = "TPS"
        verbose_name_plural = "TPS"
        constraints = [
            # Its index also finds the TPS of any region: they are those whose code begins with the region's.
            models.UniqueConstraint(fields=["election", "code"], name="one_tps_per_election_and_code"),
            models.CheckConstraint(condition=Q(number__range=(0, 999)), name="tps_number_has_three_digits"),
            models.CheckConstraint(
                condition=Q(
                    code=Concat("region", LPad(Cast("number", CharField()), 3, Value("0")), output_field=CharField())
                ),
                name="tps_code_is_village_and_number",
            ),
            models.CheckConstraint(condition=Q(registered_voters__range=(0, 99_999)), name="tps_has_a_believable_dpt"),
        ]
        indexes = [models.Index(fields=["region"])]

    def __str__(self) -> str:
        return f"TPS {self.number:03d}"


class Extent(models.Model):
    """How many TPS an election has in a region, and their DPT as far as it is known. Kept by `tps.extents`."""

    election = models.ForeignKey(Election, on_delete=models.PROTECT, db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, db_index=False)
    stations = models.IntegerField()
    registered_voters = models.BigIntegerField(default=0)
    dpt_known = models.IntegerField(default=0)  # TPS whose DPT is known

    class Meta:
        verbose_name = "jumlah TPS wilayah"
        verbose_name_plural = "jumlah TPS wilayah"
        constraints = [
            models.UniqueConstraint(fields=["region", "election"], name="one_extent_per_region_and_election")
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.stations} TPS"


class RegionWords(models.Model):
    """The words a region can be searched by: its own, and those together with all above it. Kept by `tps.names`."""

    region = models.OneToOneField(Region, primary_key=True, on_delete=models.CASCADE, related_name="index")
    own = ArrayField(models.TextField(db_collation="C"))
    words = ArrayField(models.TextField(db_collation="C"))

    class Meta:
        verbose_name = "kata wilayah"
        verbose_name_plural = "kata wilayah"
        # One index for both: the search asks for words of its own and of all at once.
        indexes = [GinIndex(fields=["own", "words"], fastupdate=False, name="region_by_its_words")]

    def __str__(self) -> str:
        return " ".join(self.own)


class Spelling(models.Model):
    """A word of the nation's names, in how many names it stands, and its slips (`wording.slips`). See `tps.names`."""

    word = models.TextField(primary_key=True, db_collation="C")
    regions = models.IntegerField()
    slips = ArrayField(models.TextField(db_collation="C"))

    class Meta:
        verbose_name = "ejaan"
        verbose_name_plural = "ejaan"
        indexes = [
            GinIndex(fields=["slips"], fastupdate=False, name="spelling_by_its_slips"),
            GinIndex(OpClass(F("word"), name="gin_trgm_ops"), fastupdate=False, name="spelling_by_its_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word


class Centroid(models.Model):
    """The middle of a kecamatan, in hundredths of a degree (1.1 km). Comes by `import_outlines`; some may have none."""

    region = models.OneToOneField(Region, primary_key=True, on_delete=models.CASCADE, related_name="centroid")
    latitude = models.SmallIntegerField()
    longitude = models.SmallIntegerField()

    class Meta:
        verbose_name = "titik tengah wilayah"
        verbose_name_plural = "titik tengah wilayah"
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-9_000, 9_000), longitude__range=(-18_000, 18_000)),
                name="centroid_is_on_earth",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region_id}: {self.latitude / 100}, {self.longitude / 100}"


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
    # How many are elected: the dapil's seats. Of a president, nothing is said.
    seats = models.SmallIntegerField(null=True, blank=True, help_text="unknown where empty")
    # SHA-256 of its options: forms with the options filled in are kept by it. See `tps.reference`.
    options_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = "pemilihan"
        verbose_name_plural = "pemilihan"
        constraints = [
            models.UniqueConstraint(fields=["election", "code"], name="one_contest_per_election_and_code"),
            models.CheckConstraint(
                condition=Q(kind__in=["ppwp", "dpr", "dpd", "dprd_prov", "dprd_kabko"]),
                name="contest_is_of_a_known_kind",
            ),
            models.CheckConstraint(
                condition=Q(seats__isnull=True) | Q(seats__range=(1, 99)) & ~Q(kind="ppwp"),
                name="seats_of_a_dapil_are_from_1_to_99",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Option(models.Model):
    """A paslon, a party, or a party's candidate (then `party` is set)."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="options")
    party = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="candidates")
    number = models.SmallIntegerField()
    name = models.CharField(max_length=200)

    class Meta:
        verbose_name = "pilihan"
        verbose_name_plural = "pilihan"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "party", "number"], name="one_option_per_number", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(number__range=(1, 99)), name="option_has_a_ballot_number"),
            models.CheckConstraint(condition=~Q(party=F("id")), name="no_option_is_its_own_party"),
            # Migration 0002 lets (contest, party) point at it: a candidate's party is of the same contest.
            models.UniqueConstraint(fields=["contest", "id"], name="option_with_its_contest"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"
