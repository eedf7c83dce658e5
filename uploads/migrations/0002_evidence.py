"""Photos, their keys and their public copies are evidence: rows are added, and only a photo's step moves on."""

from django.db import migrations

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [("uploads", "0001_initial"), ("ledger", "0002_guards")]
    operations = [
        append_only("uploads_photo", columns_that_may_change=("step", "step_at")),
        must_be_logged("uploads_photo", "photo"),
        append_only("uploads_ticket"),
        append_only("uploads_repeat"),  # no entry: it changes nothing that is public, and says who sent
        append_only("uploads_publiccopy"),
        must_be_logged("uploads_publiccopy", "copies", subject="NEW.photo_id"),
    ]
