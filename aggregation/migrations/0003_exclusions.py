"""Exclusions of TPS: turns are added only, each with its entry. And one more fact is counted of each TPS."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only

# `columns.EXCLUDED` stands at the end of `amounts`. Guards are off for it: what a result says stays the same.
ONE_MORE = """
ALTER TABLE aggregation_result DISABLE TRIGGER USER;
UPDATE aggregation_result SET amounts = amounts || 0 WHERE amounts <> '{}';
ALTER TABLE aggregation_result ENABLE TRIGGER USER;
UPDATE aggregation_delta SET amounts = amounts || 0;
UPDATE aggregation_tally SET amounts = amounts || 0;
"""
ONE_LESS = """
ALTER TABLE aggregation_result DISABLE TRIGGER USER;
UPDATE aggregation_result SET amounts = trim_array(amounts, 1) WHERE amounts <> '{}';
ALTER TABLE aggregation_result ENABLE TRIGGER USER;
UPDATE aggregation_delta SET amounts = trim_array(amounts, 1);
UPDATE aggregation_tally SET amounts = trim_array(amounts, 1);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_guards'),
        ('accounts', '0002_duty'),
        ('aggregation', '0002_guards'),
        ('tps', '0004_centroid'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(ONE_MORE, ONE_LESS),
        migrations.AlterField(
            model_name='result',
            name='state',
            field=models.CharField(choices=[('empty', 'tanpa foto'), ('received', 'diterima'), ('partial', 'sebagian'), ('complete', 'lengkap'), ('disputed', 'sengketa'), ('excluded', 'dikecualikan')], default='empty', max_length=8),
        ),
        migrations.CreateModel(
            name='ExclusionProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, choices=[('psu', 'pemungutan suara ulang (PSU)'), ('court', 'putusan Mahkamah Konstitusi'), ('destroyed', 'surat suara atau formulir rusak atau hilang'), ('not_held', 'pemungutan suara tidak dilaksanakan')], max_length=9)),
                ('since', models.DateTimeField(null=True)),
                ('address_block', models.CharField(blank=True, max_length=32)),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('end', models.CharField(blank=True, choices=[('confirmed', 'Confirmed'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contest', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.contest')),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('proposer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.pollingstation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('end', '')), fields=('contest', 'station'), name='one_open_proposal_per_contest_and_tps'), models.CheckConstraint(condition=models.Q(models.Q(('end', 'confirmed'), _negated=True), models.Q(('closer', models.F('proposer')), _negated=True), _connector='OR'), name='two_people_exclude_a_tps'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closer', None), ('end', '')), models.Q(models.Q(('end', ''), _negated=True), ('closed_at__isnull', False), ('closer__isnull', False)), _connector='OR'), name='a_closed_exclusion_proposal_says_by_whom')],
            },
        ),
        migrations.CreateModel(
            name='ExclusionTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, choices=[('psu', 'pemungutan suara ulang (PSU)'), ('court', 'putusan Mahkamah Konstitusi'), ('destroyed', 'surat suara atau formulir rusak atau hilang'), ('not_held', 'pemungutan suara tidak dilaksanakan')], max_length=9)),
                ('since', models.DateTimeField(null=True)),
                ('turned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contest', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.contest')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.pollingstation')),
            ],
            options={
                'indexes': [models.Index(fields=['station', 'contest', '-id'], name='newest_exclusion_of_a_tps')],
                'constraints': [models.CheckConstraint(condition=models.Q(('by', models.F('second')), _negated=True), name='two_people_turn_an_exclusion'), models.CheckConstraint(condition=models.Q(models.Q(('reason', 'psu'), ('since__isnull', False)), models.Q(models.Q(('reason', 'psu'), _negated=True), ('since__isnull', True)), _connector='OR'), name='a_repeated_vote_has_a_day')],
            },
        ),
        migrations.AddField(
            model_name='result',
            name='exclusion',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='aggregation.exclusionturn'),
        ),
        append_only('aggregation_exclusionturn'),
        append_only('aggregation_exclusionproposal', columns_that_may_change=('end', 'closer_id', 'closed_at')),
        must_be_logged('aggregation_exclusionturn', 'exclude'),
    ]
