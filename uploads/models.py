"""Photos and the requests that brought them."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _  # labels stay Indonesian in data; templates translate

from accounts.models import Device
from tps.models import Contest, PollingStation


class Photo(models.Model):
    """One image of one page of one form at one TPS. Only `step`, `step_at` and `withdrawn_at` ever change.

    The original's bytes lie sealed under a key made of `sha256`; station, contest and page are what the
    sender claimed.
    """

    class Step(models.TextChoices):
        """What is to be done next. `pemantau/pipeline.py` moves it, the sweeper rings for what stands still."""

        INSPECT = "inspect"  # make the public copies
        QUEUE = "queue"  # open it to transcribers
        READ = "read"  # waiting for people
        DECIDE = "decide"  # entries have come in
        RECORD = "record"  # a decision is to be put into the result
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    page = models.SmallIntegerField(null=True)
    sha256 = models.CharField(max_length=64, db_collation="C")
    size = models.IntegerField()
    media_type = models.CharField(max_length=20)
    width = models.IntegerField()
    height = models.IntegerField()
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT)
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True, default="", db_default="")
    receipt = models.CharField(max_length=20, unique=True, db_collation="C")
    # Why people should look twice, as far as that was plain when it came in (`uploads.marks.Mark`).
    marks = ArrayField(models.CharField(max_length=20), default=list)
    received_at = models.DateTimeField(db_default=Now())
    step = models.CharField(max_length=8, choices=Step.choices, default=Step.INSPECT)
    step_at = models.DateTimeField(db_default=Now())
    # Its sender took it back: no step is taken, nobody reads it, it never counts (`transcription.withdrawals`).
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["station", "sha256"], name="one_photo_per_tps_and_bytes"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="photo_is_named_by_its_sha256"),
            models.CheckConstraint(
                condition=Q(uploader__isnull=False) | Q(device__isnull=False), name="photo_has_a_sender"
            ),
        ]
        indexes = [
            models.Index(fields=["sha256"]),
            models.Index(fields=["station", "contest"]),
            models.Index(
                fields=["step", "step_at"],
                condition=Q(step__in=["inspect", "queue", "decide", "record"]),
                name="photo_that_should_move",
            ),
            BrinIndex(fields=["received_at"], pages_per_range=16, autosummarize=True, name="photo_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SentKey(models.Model):
    """An idempotency key of one sender: the same request again gets the same receipt."""

    key = models.UUIDField()
    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    request_hash = models.BinaryField(max_length=32)  # SHA-256 over station, contest, page and bytes
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "key"], name="one_photo_per_idempotency_key")]

    def __str__(self) -> str:
        return str(self.key)


class Ticket(models.Model):
    """A photo that is announced: what its sender says of it. Whoever knows the id may bring the bytes.

    Open until the photo is there or was refused. How many bytes have arrived is not here: that is what the storage
    holds, and nothing else.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    station = models.ForeignKey(PollingStation, on_delete=models.PROTECT)
    contest = models.ForeignKey(Contest, on_delete=models.PROTECT)
    page = models.SmallIntegerField(null=True)
    sha256 = models.CharField(max_length=64, db_collation="C")
    size = models.IntegerField()
    media_type = models.CharField(max_length=40)  # as claimed, believed by nobody
    photo = models.ForeignKey(Photo, null=True, on_delete=models.PROTECT)
    refusal = models.CharField(max_length=40, blank=True, default="")  # its code
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "station", "sha256", "size"],
                condition=Q(photo__isnull=True, refusal=""),
                name="one_open_ticket_per_device_and_bytes",
            ),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="ticket_announces_a_sha256"),
            models.CheckConstraint(condition=Q(size__gt=0), name="ticket_announces_some_bytes"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="ticket_that_ends")]

    def __str__(self) -> str:
        return str(self.pk)


class Repeat(models.Model):
    """Somebody sent a photo's very bytes again for its TPS: a sender like the first one, who reads it as little."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="repeats")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    device = models.ForeignKey(Device, on_delete=models.PROTECT)
    address_block = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "account", "device", "address_block"],
                name="one_repeat_per_photo_and_sender",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} again"


class PublicCopy(models.Model):
    """A derivative without metadata, named by the photo's hash and its longer side in pixels."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="copies")
    side = models.SmallIntegerField()
    width = models.SmallIntegerField()
    height = models.SmallIntegerField()
    sha256 = models.CharField(max_length=64, db_collation="C")
    size = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "side"], name="one_copy_per_photo_and_side")]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.side}"


class PageTag(models.Model):
    """What a program read from the page tag printed on the form: a hint. Nothing but `reader` where it found none."""

    photo = models.OneToOneField(Photo, on_delete=models.PROTECT, primary_key=True, related_name="page_tag")
    tag = models.SmallIntegerField(null=True)  # its number in the family AprilTag 36h10
    turn = models.SmallIntegerField(null=True)  # quarters that the page is turned clockwise
    # x and y of the tag's corners in pixels of the upright original, clockwise from the page's upper left one.
    corners = ArrayField(models.FloatField(), null=True)
    edge = models.FloatField(null=True)  # width of the tag's edges, in pixels of a picture 1,000 wide
    # Of each number of the page whose place is known, in order: x and y of the upper left, upper right and lower left
    # corner of its digit boxes, in pixels of the upright original. Null where they were not found.
    boxes = ArrayField(models.SmallIntegerField(), null=True)
    # Of the same numbers: the digits whose bubbles are filled, "-" for a box where none is; nothing where a number has
    # no bubbles.
    bubbles = ArrayField(models.CharField(max_length=5, blank=True), null=True)
    reader = models.SmallIntegerField()  # version of the program (`tag_reader.VERSION`)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tag=None, turn=None, corners=None, edge=None, boxes=None, bubbles=None)
                | Q(tag__range=(0, 2319), turn__range=(0, 3), corners__len=8, edge__gte=0),
                name="page_tag_was_read_wholly_or_not_at_all",
            )
        ]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.tag}"


class Likeness(models.Model):
    """What a photo, or a region of it, looks like in 256 bits (`uploads/likeness.py`), to find others like it."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=8)
    hash = models.CharField(max_length=64, db_collation="C")
    bands = ArrayField(models.BigIntegerField())  # by these it is found (`uploads/reuse.py`)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photo", "region"], name="one_likeness_per_photo_and_region"),
            models.CheckConstraint(condition=Q(hash__regex=r"^[0-9a-f]{64}$"), name="likeness_is_256_bits"),
        ]
        indexes = [GinIndex(fields=["bands"], name="likeness_by_band")]

    def __str__(self) -> str:
        return f"{self.photo_id} {self.region}"


class Alike(models.Model):
    """Two photos that look like one: in this region they differ in so few bits."""

    first = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=8)
    bits = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="a_pair_is_alike_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="alike_are_two_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id} {self.bits}"


class AlarmTurn(models.Model):
    """An operator turned the alarm mode on or off (`uploads.alarm`). The turn with the highest number holds."""

    on = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return "on" if self.on else "off"


class Switch(models.TextChoices):
    """What an operator can turn on for a while, beside the alarm mode and surges (`uploads.switches`)."""

    SLOW = "slow", _("foto TPS yang sudah lengkap datang kemudian")
    READ_ONLY = "read_only", _("hanya baca")


class SwitchTurn(models.Model):
    """An operator turned a switch on or off. Rows are added, never edited; the newest of a switch holds."""

    switch = models.CharField(max_length=9, choices=Switch.choices)
    on = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)  # why; for operators only
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(switch__in=Switch.values), name="a_turn_is_of_a_known_switch")
        ]

    def __str__(self) -> str:
        return f"{self.switch} {'on' if self.on else 'off'}"
