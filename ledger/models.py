"""The public log's tables. Rows are added and never changed: triggers and the role refuse it.

The SQL beside these tables (triggers and the sequencer's function) is in `migrations/0002_guards.py`.
"""

from django.db import models
from django.db.models.functions import Now


class Event(models.Model):
    """One state change, appended in the transaction that made it.

    `body` is the entry exactly as published: canonical JSON (RFC 8785), at most 65,535 bytes.
    `subject` names what the entry is about (`ledger.kinds`), so that one change has one entry.
    """

    log = models.CharField(max_length=40)  # the election's code: one log per organisation and election
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=120, null=True, db_collation="C")
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "kind", "log"], name="one_entry_per_change")]

    def __str__(self) -> str:
        return f"{self.log}: {self.kind} {self.pk}"


class Leaf(models.Model):
    """The place of one event in its log. Indexes are contiguous from 0. Only the sequencer adds rows.

    `leaf_hash` is SHA-256(0x00 || body), the leaf hash of RFC 6962 section 2.1.
    """

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True)
    log = models.CharField(max_length=40)
    index = models.BigIntegerField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "index"], name="one_leaf_per_log_and_index")]

    def __str__(self) -> str:
        return f"{self.log}[{self.index}]"


class Unsequenced(models.Model):
    """Events that have no place yet. A trigger adds them, the sequencer takes them away."""

    # No foreign key in the database: only the trigger on the events' table writes here.
    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, db_constraint=False)

    def __str__(self) -> str:
        return str(self.pk)
