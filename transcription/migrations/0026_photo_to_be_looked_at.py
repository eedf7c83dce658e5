from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transcription", "0025_said_again"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="recallphoto",
            index=models.Index(
                condition=models.Q(("effect", None)), fields=["recall", "id"], name="photo_to_be_looked_at"
            ),
        ),
    ]
