"""The queue, what transcribers read, what was decided."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _  # labels stay Indonesian in data; templates translate

from accounts.models import Device, Proposal
from ledger.sealing import new_salt
from tps.models import Contest, Election, PollingStation, Region
from uploads.models import Photo


class Problem(models.TextChoices):
    """What can be wrong with a whole photo."""

    BLURRED = "blurred", _("buram")
    CUT_OFF = "cut_off", _("terpotong")
    WRONG_TPS = "wrong_tps", _("TPS lain")
    WRONG_FORM = "wrong_form", _("formulir lain")
    NOT_A_FORM = "not_a_form", _("bukan formulir")
    DUPLICATE = "duplicate", _("foto yang sama")
    ALTERED = "altered", _("diduga diubah")


class Turn(models.Model):
    """How many photos of one kecamatan have been queued: the n-th of each is served in the n-th turn.

    Those that anybody can send without end are counted for themselves, so that a flood at one TPS puts back none that
    is the first of its page, and comes before none that was there: `others` are of no known page, `slow` those of the
    slower lanes (of a page that is there, or with a mark).
    """

    district = models.CharField(primary_key=True, max_length=6, db_collation="C")
    photos = models.IntegerField(default=0)
    others = models.IntegerField(default=0)
    slow = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.district}: {self.photos} + {self.others} + {self.slow}"


class Task(models.Model):
    """A photo's place in the queue: how many entries it still wants, and who has had it in their hands."""

    class Why(models.TextChoices):
        """Why it lies before an adjudicator."""

        DIFFER = "differ", _("empat pembacaan tanpa mayoritas")
        CONFLICT = "conflict", _("dua pembacaan yang sama kuat")
        PROBLEM = "problem", _("pembaca melaporkan masalah")
        BLANK = "blank", _("semua kotak kosong atau nol")
        SECOND = "second", _("menunggu verifikator kedua")
        RETURNED = "returned", _("berkali-kali dikembalikan")
        REPORTED = "reported", _("dilaporkan warga")
        TPS = "tps", _("pada formulir tertulis TPS lain")
        SUM = "sum", _("jumlahnya tidak cocok dengan halaman lain, dan pembaca berbeda")

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, primary_key=True)
    wants = models.SmallIntegerField(default=0)  # so many more entries
    leased = models.SmallIntegerField(default=0)  # so many people are reading it now
    # More than 0 means that somebody may take it.
    free = models.GeneratedField(
        expression=F("wants") - F("leased"), output_field=models.SmallIntegerField(), db_persist=True
    )
    rank = models.BigIntegerField()  # served in this order, lowest first (`queue.rank_of`)
    # Accounts that sent it, read it, hold it, gave it back, or saw it as a case; and the devices and address blocks
    # they used. A person gets it only if none of their circle and none of their devices and blocks is among these.
    touched_by = ArrayField(models.BigIntegerField(), default=list)
    touched_on = ArrayField(models.CharField(max_length=36), default=list)
    returned = models.SmallIntegerField(default=0)  # people who gave it back unread
    needs_adjudicator = models.BooleanField(default=False)
    why = models.CharField(max_length=8, blank=True, choices=Why.choices)
    case_since = models.DateTimeField(null=True)
    decision = models.ForeignKey("Decision", null=True, on_delete=models.PROTECT, related_name="+")
    # So many more people may be given it as a task whose answer is known (`transcription.gold`), and since when.
    gold = models.SmallIntegerField(db_default=0)
    gold_since = models.DateTimeField(null=True)
    in_doubt = models.BooleanField(db_default=False)  # another page of its TPS does not fit (`transcription.doubts`)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wants__range=(0, 20)), name="task_wants_at_most_20_entries"),
            models.CheckConstraint(condition=Q(leased__gte=0), name="task_is_not_given_back_twice"),
            models.CheckConstraint(
                condition=Q(needs_adjudicator=False, why="", case_since__isnull=True)
                | (Q(needs_adjudicator=True, case_since__isnull=False) & ~Q(why="")),
                name="a_case_has_a_reason_and_an_age",
            ),
            models.CheckConstraint(
                condition=Q(gold=0) | Q(gold__gt=0, decision__isnull=False, gold_since__isnull=False),
                name="a_known_answer_was_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["photo"], condition=Q(gold__gt=0), name="known_answer"),
            models.Index(fields=["rank", "photo"], condition=Q(free__gt=0), name="open_task_in_serving_order"),
            models.Index(fields=["case_since"], condition=Q(needs_adjudicator=True), name="case_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Sample(models.Model):
    """Some TPS of each region in which a contest is voted on, announced before anybody can know which (`samples`)."""

    class Strata(models.IntegerChoices):
        """So many digits of a TPS's code say which stratum it is in."""

        PROVINCE = 2, _("provinsi")
        REGENCY = 4, _("kabupaten/kota")

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="+")
    digits = models.SmallIntegerField(choices=Strata.choices)
    size_wanted = models.IntegerField(null=True)  # TPS in all, or this part of them:
    percent = models.SmallIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    announced_at = models.DateTimeField(db_default=Now())
    drawn_at = models.DateTimeField(null=True)
    # The place in the log of the entry whose hash is the seed, and that hash in hexadecimal digits.
    seed_index = models.BigIntegerField(null=True)
    seed = models.CharField(max_length=64, blank=True)
    size = models.IntegerField(null=True)  # TPS that were drawn

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contest"], condition=Q(drawn_at=None), name="one_announced_sample_per_contest"
            ),
            models.CheckConstraint(
                condition=Q(size_wanted__gt=0, percent__isnull=True)
                | Q(size_wanted__isnull=True, percent__range=(1, 99)),
                name="a_sample_has_one_size",
            ),
            models.CheckConstraint(condition=Q(digits__in=[2, 4]), name="a_sample_has_known_strata"),
            models.CheckConstraint(
                condition=Q(drawn_at=None, seed_index=None, seed="", size=None)
                | Q(drawn_at__isnull=False, seed_index__isnull=False, size__isnull=False, seed__regex="^[0-9a-f]{64}$"),
                name="a_drawn_sample_has_a_seed",
            ),
        ]

    def __str__(self) -> str:
        return f"sample {self.pk}"


class SampleStation(models.Model):
    """A TPS that was drawn. Whoever has the log and the list of TPS can draw it again."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="stations", db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "station"], name="a_tps_is_drawn_once")]

    def __str__(self) -> str:
        return f"{self.sample_id}: {self.station_id}"


class SurgeTurn(models.Model):
    """An operator had photos served first, or ended that (`transcription.surges`): of a region, contest or sample."""

    class Reason(models.TextChoices):
        BEHIND = "behind", _("tertinggal dari wilayah lain")
        RECAPITULATION = "recapitulation", _("rekapitulasi resmi segera dimulai")
        REPORTS = "reports", _("banyak laporan atau sengketa")
        SENDERS = "senders", _("banyak pengirim menunggu")
        SAMPLE = "sample", _("agar gambaran awal bukan dari satu tempat")
        OTHER = "other", _("lainnya")

    region = models.ForeignKey(Region, null=True, on_delete=models.PROTECT, related_name="+")
    contest = models.ForeignKey(Contest, null=True, on_delete=models.PROTECT, related_name="+")
    sample = models.ForeignKey(Sample, null=True, on_delete=models.PROTECT, related_name="+")
    ends = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="end")
    reason = models.CharField(max_length=14, blank=True, choices=Reason.choices)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, contest__isnull=True, sample__isnull=True, ends__isnull=True)
                | Q(region__isnull=True, contest__isnull=False, sample__isnull=True, ends__isnull=True)
                | Q(region__isnull=True, contest__isnull=True, sample__isnull=False, ends__isnull=True)
                | Q(region__isnull=True, contest__isnull=True, sample__isnull=True, ends__isnull=False),
                name="a_surge_is_of_one_thing_or_ends_one",
            ),
            models.CheckConstraint(
                condition=Q(sample__isnull=True) | Q(reason="sample"), name="a_samples_reason_is_that_it_is_one"
            ),
            models.CheckConstraint(condition=Q(ends__isnull=True) ^ Q(reason=""), name="a_surge_has_a_reason"),
            models.CheckConstraint(condition=~Q(region=""), name="a_surge_is_not_of_the_whole_nation"),
        ]

    def __str__(self) -> str:
        return f"ends {self.ends_id}" if self.ends_id else self.region_id or str(self.contest_id or self.sample)


class Lease(models.Model):
    """One person's right to read one photo for five minutes, renewed while they type.

    A person has a few `place`s: the photo before them, the next ones that their browser holds ready, and the one whose
    reading can still be undone.
    """

    class End(models.TextChoices):
        SUBMITTED = "submitted"
        RETURNED = "returned"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="leases")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    taken_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    end = models.CharField(max_length=9, blank=True, choices=End.choices)
    ended_at = models.DateTimeField(null=True)  # when it was taken back because its time had run out
    place = models.SmallIntegerField(default=0)
    # Where the answer is known: the decision that knows it. Takes no place of the photo's, and decides nothing.
    gold = models.ForeignKey("Decision", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    stood_for = models.SmallIntegerField(null=True)  # then: how many readers the photo wanted that it stands in for

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "place"], condition=Q(end=""), name="one_task_in_each_place"),
            models.CheckConstraint(condition=Q(place__range=(0, 3)), name="four_tasks_at_once_at_most"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(end=""), name="lease_that_may_expire"),
            # Of how many others asked since, and of who let a known answer's time run out (`queue.take`).
            models.Index(fields=["taken_at"], name="lease_by_when_it_was_taken"),
            models.Index(
                fields=["account"], condition=Q(end="expired", gold__isnull=False), name="known_answer_whose_time_is_up"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PracticeResult(models.Model):
    """How far somebody has come with one of the practice forms (`transcription.practice`). No evidence of anything."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    form = models.SmallIntegerField()
    tries = models.IntegerField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "form"], name="one_result_per_account_and_practice_form")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.form}"


class Entry(models.Model):
    """What one transcriber read from one photo. Rows are added, never edited.

    `numbers` maps a field's key to a number (0..999), "kosong" (empty box) or "tidak_terbaca" (unreadable).
    """

    class Source(models.TextChoices):
        VOLUNTEER = "volunteer"
        UPLOADER = "uploader"
        MACHINE = "machine"
        PARTNER = "partner"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="entries")
    # The version of the decision it was read for; a trigger sets it. Only entries after the last reopening count.
    round = models.SmallIntegerField(default=1)
    source = models.CharField(max_length=9, choices=Source.choices, default=Source.VOLUNTEER)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    lease = models.OneToOneField(Lease, null=True, on_delete=models.PROTECT)
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    page = models.SmallIntegerField(null=True)  # as read from the photo, not as claimed
    numbers = models.JSONField(null=True)
    problem = models.CharField(max_length=12, blank=True, choices=Problem.choices)
    # Which TPS is written on the form: its code, or a word of `entries.WRITTEN`; empty where that was not asked.
    tps = models.CharField(max_length=13, blank=True)
    # What the account was when it sent this (`accounts.onboarding`): such entries never decide alone.
    on_probation = models.BooleanField(default=False, db_default=False)
    salt = models.BinaryField(max_length=32, default=new_salt)  # seals it in the ledger until the decision
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "account"], name="one_entry_per_photo_and_transcriber"),
            models.UniqueConstraint(fields=["photo"], condition=Q(source="uploader"), name="one_entry_of_the_sender"),
            models.CheckConstraint(
                condition=Q(numbers__isnull=False) ^ ~Q(problem=""), name="entry_has_numbers_or_a_problem"
            ),
            models.CheckConstraint(
                condition=Q(numbers__isnull=True) | Q(page__isnull=False), name="entry_with_numbers_says_the_page"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | ~Q(source="volunteer"), name="volunteers_entry_has_an_account"
            ),
        ]
        # Rows lie in the order they came; so few bytes lead to those of some hours.
        indexes = [BrinIndex(fields=["created_at"], pages_per_range=16, autosummarize=True, name="entry_by_time")]

    def __str__(self) -> str:
        return str(self.pk)


class GoldReading(models.Model):
    """What somebody read from a photo whose answer is known. Rows are added, never edited, and decide nothing.

    Its columns are those of `Entry`, so that the same guard of the database refuses the same. It counts for or against
    its reader as long as the `decision` it is compared with stands.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey("Decision", on_delete=models.PROTECT, related_name="+")
    round = models.SmallIntegerField(default=1)
    source = models.CharField(max_length=9, default=Entry.Source.VOLUNTEER)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    lease = models.OneToOneField(Lease, on_delete=models.PROTECT)
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    page = models.SmallIntegerField(null=True)
    numbers = models.JSONField(null=True)
    problem = models.CharField(max_length=12, blank=True, choices=Problem.choices)
    tps = models.CharField(max_length=13, blank=True)
    on_probation = models.BooleanField(default=False, db_default=False)
    # The decision's page and numbers, an empty box and a 0 being the same; and no other TPS than they read who decided.
    is_right = models.BooleanField()
    salt = models.BinaryField(max_length=32, default=new_salt)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "account"], name="one_gold_reading_per_photo_and_transcriber"),
            models.CheckConstraint(
                condition=Q(numbers__isnull=False) ^ ~Q(problem=""), name="gold_reading_has_numbers_or_a_problem"
            ),
            models.CheckConstraint(
                condition=Q(numbers__isnull=True) | Q(page__isnull=False),
                name="gold_reading_with_numbers_says_the_page",
            ),
        ]
        indexes = [models.Index(fields=["account"], condition=Q(is_right=False), name="wrong_gold_reading")]

    def __str__(self) -> str:
        return str(self.pk)


class Pace(models.Model):
    """How fast somebody reads, as far as the server can know (`transcription.entries`); kept by their entries.

    Whoever reads one photo after the other cannot have read all they sent before `busy_until`, whatever was held ready
    and whenever it was sent. An entry that comes before that is too fast for a person.
    """

    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True)
    busy_until = models.DateTimeField()
    too_fast = models.IntegerField(default=0)  # since the person was last let read again

    class Meta:
        indexes = [models.Index(fields=["account"], condition=Q(too_fast__gt=0), name="too_fast_reader")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.too_fast}"


class BarTurn(models.Model):
    """A person is given no more tasks, or tasks again (`transcription.bars`). `by` nobody: known answers or haste."""

    class Reason(models.TextChoices):
        GOLD = "gold", _("jawaban yang diketahui lebih sering keliru")
        TOO_FAST = "too_fast", _("terlalu cepat untuk dibaca")
        CARELESS = "careless", _("bacaan asal-asalan")
        ONE_SIDED = "one_sided", _("bacaan menguntungkan satu pihak")
        TOGETHER = "together", _("bersekongkol dengan pembaca lain")
        EXPLAINED = "explained", _("sudah dijelaskan orangnya")
        MISTAKE = "mistake", _("kekeliruan kami")
        OTHER = "other", _("lainnya")

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bar_turns")
    on = models.BooleanField()
    reason = models.CharField(max_length=9, choices=Reason.choices)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # Who agreed that a pause ends; none where that was said before it took two.
    second = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("account")), name="nobody_bars_themselves"),
            models.CheckConstraint(
                condition=Q(second=None) | ~Q(second=F("by")) & ~Q(second=F("account")) & Q(on=False),
                name="a_pause_ends_by_two_others",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False) | Q(on=True, reason__in=["gold", "too_fast"]),
                name="without_a_person_only_answers_and_haste_bar",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {'paused' if self.on else 'reading'}"


class Lifting(Proposal):
    """That somebody's pause is to end (`transcription.bars`). Withdrawn, too, when the pause has ended otherwise."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="liftings")
    reason = models.CharField(max_length=9, choices=BarTurn.Reason.choices)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            Proposal.one_open(["account"], "one_open_lifting_per_account"),
            Proposal.takes_two("two_operators_lift_a_pause"),
            Proposal.never_by("account", "nobody_lifts_their_own_pause"),
            Proposal.closed_by_somebody("a_closed_lifting_says_by_whom_and_when"),
        ]

    def __str__(self) -> str:
        return str(self.account_id)


class Recall(models.Model):
    """One operator's word that a paused person's entries are to count no more, or are to count again; another confirms.

    From the confirmation on the consensus knows of it; each photo is decided again for itself (`recalls`).
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    on = models.BooleanField()  # whether the entries stop counting
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # every photo is decided again, or nobody wanted it after all
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")  # the proposer's
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="one_open_recall_per_account"),
            models.CheckConstraint(condition=~Q(confirmed_by=F("proposed_by")), name="two_operators_recall"),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("account")) & ~Q(confirmed_by=F("account")), name="nobody_recalls_themselves"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="a_confirmed_recall_says_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {'on' if self.on else 'off'}"


class RecallPhoto(models.Model):
    """A photo that a recall touches: what would become of it, and whether it was decided again."""

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="photos")
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    # What would become of it (`aggregation.recall_preview`), and by how much the public sums of its TPS change.
    effect = models.CharField(max_length=20, null=True)  # null: not looked at yet
    looked_at = models.DateTimeField(null=True)
    sums = models.JSONField(default=dict)  # by contest and TPS
    decided_again_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recall", "photo"], name="a_recall_touches_a_photo_once")]
        indexes = [
            models.Index(fields=["recall", "id"], condition=Q(effect=None), name="photo_to_be_looked_at"),
            models.Index(fields=["recall", "id"], condition=Q(decided_again_at=None), name="photo_to_be_decided_again"),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id}: {self.photo_id}"


class FirstLook(models.Model):
    """What an adjudicator read for themselves of a case, before they saw the others' readings. It decides nothing."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="first_looks")
    adjudicator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    round = models.SmallIntegerField()  # as `Ruling.round`: what others read after a reopening is looked for again
    page = models.SmallIntegerField(null=True)
    numbers = models.JSONField(default=dict)  # of the fields that the others did not agree on
    tps = models.CharField(max_length=13, blank=True)  # as `Entry.tps`, where it was asked for
    problem = models.CharField(max_length=12, choices=Problem.choices, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "adjudicator", "round"], name="one_first_look_of_an_adjudicator_in_a_round"
            )
        ]

    def __str__(self) -> str:
        return f"{self.adjudicator_id}: {self.photo_id}"


class Ruling(models.Model):
    """What one adjudicator said about one photo. Rows are added, never edited; a later one replaces it."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("angka ini")
        REJECT = "reject", _("tolak")
        REHOME = "rehome", _("pindahkan")
        REOPEN = "reopen", _("baca ulang")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="rulings")
    round = models.SmallIntegerField(default=1)  # the version of the decision it is about to make; a trigger sets it
    adjudicator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    page = models.SmallIntegerField(null=True)
    numbers = models.JSONField(null=True)
    station = models.ForeignKey(PollingStation, null=True, on_delete=models.PROTECT)  # where a moved photo belongs
    reason = models.CharField(max_length=12)  # one of `rulings.REASONS`
    note = models.CharField(max_length=300, blank=True)
    salt = models.BinaryField(max_length=32, default=new_salt)  # seals its numbers, or its TPS, in the ledger
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="accept", numbers__isnull=False, page__isnull=False)
                | (~Q(verdict="accept") & Q(numbers__isnull=True)),
                name="only_an_accepting_ruling_has_numbers",
            ),
            models.CheckConstraint(
                condition=Q(verdict="rehome") ^ Q(station__isnull=True), name="only_a_moving_ruling_names_a_tps"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Weeding(models.Model):
    """One adjudicator's word that photos of one sender are junk, all for one reason, or that they were not after all
    (`undoes`); another confirms. Each photo is then ruled on for itself (`weedings`).

    Put together until `proposed_at`, then waiting for the second adjudicator, and at work from `confirmed_at`.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    sender_device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    election = models.ForeignKey(Election, on_delete=models.PROTECT, related_name="+")
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    reason = models.CharField(max_length=12, blank=True)  # one of `rulings.REASONS`
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(db_default=Now())
    proposed_at = models.DateTimeField(null=True)
    # Where they sat: their rulings carry it, and two of one device or address block are no two.
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    address_block = models.CharField(max_length=32, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    second_device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+")
    second_block = models.CharField(max_length=32, blank=True)
    ended_at = models.DateTimeField(null=True)  # every photo is ruled on or left out, or nobody wanted it after all
    dropped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sender_device"],
                condition=Q(ended_at=None),
                name="one_open_weeding_per_sender",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(sender_device__isnull=True), name="a_weeding_is_of_one_sender"
            ),
            models.CheckConstraint(condition=~Q(confirmed_by=F("proposed_by")), name="two_adjudicators_weed"),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("account")) & ~Q(confirmed_by=F("account")),
                name="nobody_weeds_what_they_sent",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | (Q(confirmed_by__isnull=False, confirmed_at__isnull=False, proposed_at__isnull=False)),
                name="a_confirmed_weeding_was_proposed_and_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(proposed_at=None) | ~Q(reason=""), name="a_proposed_weeding_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"weeding {self.pk}"


class WeedingPhoto(models.Model):
    """A photo of a weeding's sender: whether it is meant, and what came of it."""

    class LeftOut(models.TextChoices):
        IN_HAND = "in_hand", _("dikirim atau dibaca salah satu verifikator")
        ACCEPTED = "accepted", _("sementara itu diterima pembaca")
        OTHERWISE = "otherwise", _("sudah diputuskan lain")
        WITHDRAWN = "withdrawn", _("ditarik pengirimnya")
        ALONE = "alone", _("kedua verifikator tidak dapat memutuskannya bersama")

    weeding = models.ForeignKey(Weeding, on_delete=models.PROTECT, related_name="photos")
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    is_meant = models.BooleanField(default=True)
    was_accepted = models.BooleanField(default=False)  # when somebody last said whether it is meant
    left_out = models.CharField(max_length=9, blank=True, choices=LeftOut.choices)
    rulings = ArrayField(models.UUIDField(), default=list)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["weeding", "photo"], name="a_weeding_has_a_photo_once")]
        indexes = [
            models.Index(
                fields=["weeding", "id"],
                condition=Q(is_meant=True, left_out="", done_at=None),
                name="photo_to_be_weeded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weeding_id}: {self.photo_id}"


class Decision(models.Model):
    """The agreed reading of one photo, and the entries and rulings that carry it. Versions are added, never edited."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("diterima")
        REJECTED = "rejected", _("ditolak")
        REOPENED = "reopened", _("dibuka lagi")  # earlier versions no longer stand; being read again

    class How(models.TextChoices):
        TWO_READERS = "two_readers", _("disepakati dua pembaca")
        MAJORITY = "majority", _("suara terbanyak pembaca")
        ADJUDICATED = "adjudicated", _("diputus verifikator")
        WITHDRAWN = "withdrawn", _("bacaannya tidak lagi cukup")  # the entries no longer carry what was decided

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="decisions")
    version = models.SmallIntegerField()
    rule_version = models.SmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    how = models.CharField(max_length=11, choices=How.choices)
    # Where the photo belongs: as claimed, unless an adjudicator moved it.
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    page = models.SmallIntegerField(null=True)
    numbers = models.JSONField(null=True)
    problem = models.CharField(max_length=12, blank=True)
    broken_rules = ArrayField(models.CharField(max_length=8), default=list)
    because = ArrayField(models.UUIDField())  # ids of entries and rulings
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "version"], name="one_decision_per_photo_and_version"),
            models.CheckConstraint(
                condition=Q(outcome="accepted", numbers__isnull=False, page__isnull=False)
                | (~Q(outcome="accepted") & Q(numbers__isnull=True)),
                name="only_an_accepted_decision_has_numbers",
            ),
        ]
        indexes = [
            models.Index(fields=["station", "contest"]),
            BrinIndex(fields=["decided_at"], pages_per_range=16, autosummarize=True, name="decision_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} v{self.version}"


class PairTally(models.Model):
    """A TPS that two accounts have settled together; a pair has three places in an election (TRUST section 1c)."""

    first = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    election = models.ForeignKey(Election, on_delete=models.PROTECT)
    place = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second", "station"], name="a_pair_settles_a_tps_once"),
            models.UniqueConstraint(
                fields=["first", "second", "election", "place"], name="a_place_of_a_pair_serves_once"
            ),
            models.CheckConstraint(condition=Q(place__range=(1, 3)), name="a_pair_settles_at_most_three_tps"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_is_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}+{self.second_id}"


class ReportGroup(models.Model):
    """What the public reported about one TPS until an adjudicator answered all of it (`transcription.reports`)."""

    class Outcome(models.TextChoices):
        NOTHING_WRONG = "nothing_wrong", _("tidak ada yang keliru")
        REREAD = "reread", _("dibaca ulang oleh orang lain")
        CASE = "case", _("fotonya ditinjau verifikator")
        EXCLUDED = "excluded", _("TPS dikecualikan dari hitungan")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    opened_at = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=13, blank=True, choices=Outcome.choices)
    closer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["station"], condition=Q(outcome=""), name="one_open_group_of_reports_per_tps"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", closer=None, closed_at=None)
                | (~Q(outcome="") & Q(closer__isnull=False, closed_at__isnull=False)),
                name="an_answer_to_reports_says_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.station_id}: {self.outcome or 'open'}"


class Report(models.Model):
    """What somebody found wrong with a TPS or one of its photos. Rows are added, never edited.

    `text` is for adjudicators only: people write names and numbers of telephones into it.
    """

    class Reason(models.TextChoices):
        NUMBER = "number", _("angka tidak sama dengan fotonya")
        OTHER_TPS = "other_tps", _("foto dari TPS lain")
        ALTERED = "altered", _("foto diduga diubah")
        PERSONAL = "personal", _("data pribadi terlihat")
        OFFICIAL = "official", _("angka resmi berbeda")
        REREAD = "reread", _("minta dibaca ulang oleh orang lain")
        OTHER = "other", _("lainnya")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    group = models.ForeignKey(ReportGroup, on_delete=models.PROTECT, related_name="reports")
    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    photo = models.ForeignKey(Photo, null=True, on_delete=models.PROTECT)
    page = models.SmallIntegerField(null=True)
    reason = models.CharField(max_length=9, choices=Reason.choices)
    text = models.CharField(max_length=500, blank=True)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "contest", "device", "reason", "photo"],
                name="a_device_says_a_thing_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(reason="other", text=""), name="another_reason_is_told"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
