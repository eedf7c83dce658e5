"""Samples are announced, then drawn once; both have their entry in the log. A surge may be of a sample."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('tps', '0005_rule_version'),
        ('transcription', '0017_weedings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digits', models.SmallIntegerField(choices=[(2, 'provinsi'), (4, 'kabupaten/kota')])),
                ('size_wanted', models.IntegerField(null=True)),
                ('percent', models.SmallIntegerField(null=True)),
                ('announced_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('drawn_at', models.DateTimeField(null=True)),
                ('seed_index', models.BigIntegerField(null=True)),
                ('seed', models.CharField(blank=True, max_length=64)),
                ('size', models.IntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SampleStation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='surgeturn',
            name='a_surge_is_of_a_region_or_a_contest_or_ends_one',
        ),
        migrations.AlterField(
            model_name='surgeturn',
            name='reason',
            field=models.CharField(blank=True, choices=[('behind', 'tertinggal dari wilayah lain'), ('recapitulation', 'rekapitulasi resmi segera dimulai'), ('reports', 'banyak laporan atau sengketa'), ('senders', 'banyak pengirim menunggu'), ('sample', 'agar gambaran awal bukan dari satu tempat'), ('other', 'lainnya')], max_length=14),
        ),
        migrations.AddField(
            model_name='sample',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sample',
            name='contest',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tps.contest'),
        ),
        migrations.AddField(
            model_name='surgeturn',
            name='sample',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='transcription.sample'),
        ),
        migrations.AddConstraint(
            model_name='surgeturn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('contest__isnull', True), ('ends__isnull', True), ('region__isnull', False), ('sample__isnull', True)), models.Q(('contest__isnull', False), ('ends__isnull', True), ('region__isnull', True), ('sample__isnull', True)), models.Q(('contest__isnull', True), ('ends__isnull', True), ('region__isnull', True), ('sample__isnull', False)), models.Q(('contest__isnull', True), ('ends__isnull', False), ('region__isnull', True), ('sample__isnull', True)), _connector='OR'), name='a_surge_is_of_one_thing_or_ends_one'),
        ),
        migrations.AddConstraint(
            model_name='surgeturn',
            constraint=models.CheckConstraint(condition=models.Q(('sample__isnull', True), ('reason', 'sample'), _connector='OR'), name='a_samples_reason_is_that_it_is_one'),
        ),
        migrations.AddField(
            model_name='samplestation',
            name='sample',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='transcription.sample'),
        ),
        migrations.AddField(
            model_name='samplestation',
            name='station',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tps.pollingstation'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.UniqueConstraint(condition=models.Q(('drawn_at', None)), fields=('contest',), name='one_announced_sample_per_contest'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('percent__isnull', True), ('size_wanted__gt', 0)), models.Q(('percent__range', (1, 99)), ('size_wanted__isnull', True)), _connector='OR'), name='a_sample_has_one_size'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(('digits__in', [2, 4])), name='a_sample_has_known_strata'),
        ),
        migrations.AddConstraint(
            model_name='sample',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('drawn_at', None), ('seed', ''), ('seed_index', None), ('size', None)), models.Q(('drawn_at__isnull', False), ('seed__regex', '^[0-9a-f]{64}$'), ('seed_index__isnull', False), ('size__isnull', False)), _connector='OR'), name='a_drawn_sample_has_a_seed'),
        ),
        migrations.AddConstraint(
            model_name='samplestation',
            constraint=models.UniqueConstraint(fields=('sample', 'station'), name='a_tps_is_drawn_once'),
        ),
        append_only("transcription_sample", columns_that_may_change=("drawn_at", "seed_index", "seed", "size")),
        append_only("transcription_samplestation"),
        must_be_logged("transcription_sample", "sample"),
        must_be_logged(
            "transcription_sample",
            "draw",
            on="UPDATE OF drawn_at",
            when="OLD.drawn_at IS DISTINCT FROM NEW.drawn_at",
            trigger="is_in_the_log_drawn",
        ),
    ]
