"""A sender may take a photo back, and both that and its coming back are in the log."""

from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [("uploads", "0006_likeness"), ("ledger", "0002_guards")]
    operations = [
        migrations.AddField("photo", "withdrawn_at", models.DateTimeField(null=True)),
        append_only("uploads_photo", ("step", "step_at", "withdrawn_at"), instead_of=("step", "step_at")),
        must_be_logged(
            "uploads_photo",
            "withdraw",
            on="UPDATE OF withdrawn_at",
            when="NEW.withdrawn_at IS NOT NULL",
            trigger="is_in_the_log_withdrawn",
        ),
        must_be_logged(
            "uploads_photo",
            "restore",
            on="UPDATE OF withdrawn_at",
            when="OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL",
            trigger="is_in_the_log_restored",
        ),
    ]
