from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0009_boxes"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="photo", name="photo_that_should_move"),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                condition=models.Q(step__in=["inspect", "queue", "decide", "record"]),
                fields=["step", "step_at"],
                name="photo_that_should_move",
            ),
        ),
    ]
