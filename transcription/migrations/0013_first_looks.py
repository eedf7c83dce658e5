"""What adjudicators saw before they saw the others' readings: added only."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('transcription', '0012_recalls'),
        ('uploads', '0010_waiting_at_a_step'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FirstLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.SmallIntegerField()),
                ('page', models.SmallIntegerField(null=True)),
                ('numbers', models.JSONField(default=dict)),
                ('tps', models.CharField(blank=True, max_length=13)),
                ('problem', models.CharField(blank=True, choices=[('blurred', 'buram'), ('cut_off', 'terpotong'), ('wrong_tps', 'TPS lain'), ('wrong_form', 'formulir lain'), ('not_a_form', 'bukan formulir'), ('duplicate', 'foto yang sama'), ('altered', 'diduga diubah')], max_length=12)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('adjudicator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='first_looks', to='uploads.photo')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('photo', 'adjudicator', 'round'), name='one_first_look_of_an_adjudicator_in_a_round')],
            },
        ),
        append_only("transcription_firstlook"),
    ]
