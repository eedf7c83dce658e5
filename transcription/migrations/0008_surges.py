"""Turns of surges: rows are added, each with its entry in the ledger."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_guards'),
        ('tps', '0004_centroid'),
        ('transcription', '0007_slow_turns'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SurgeTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, choices=[('behind', 'tertinggal dari wilayah lain'), ('recapitulation', 'rekapitulasi resmi segera dimulai'), ('reports', 'banyak laporan atau sengketa'), ('senders', 'banyak pengirim menunggu'), ('other', 'lainnya')], max_length=14)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('turned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tps.contest')),
                ('ends', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='end', to='transcription.surgeturn')),
                ('region', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tps.region')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('contest__isnull', True), ('ends__isnull', True), ('region__isnull', False)), models.Q(('contest__isnull', False), ('ends__isnull', True), ('region__isnull', True)), models.Q(('contest__isnull', True), ('ends__isnull', False), ('region__isnull', True)), _connector='OR'), name='a_surge_is_of_a_region_or_a_contest_or_ends_one'), models.CheckConstraint(condition=models.Q(('ends__isnull', True), ('reason', ''), _connector='XOR'), name='a_surge_has_a_reason'), models.CheckConstraint(condition=models.Q(('region', ''), _negated=True), name='a_surge_is_not_of_the_whole_nation')],
            },
        ),
        append_only('transcription_surgeturn'),
        must_be_logged('transcription_surgeturn', 'surge'),
    ]
