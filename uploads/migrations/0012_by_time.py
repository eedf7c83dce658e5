import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0011_bubbles"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="photo_by_time", pages_per_range=16
            ),
        ),
    ]
