"""Turns of the alarm mode: rows are added, each with its entry in the ledger."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_guards"),
        ("uploads", "0007_withdrawn"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="AlarmTurn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.BooleanField()),
                ("turned_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        append_only("uploads_alarmturn"),
        must_be_logged("uploads_alarmturn", "alarm"),
    ]
