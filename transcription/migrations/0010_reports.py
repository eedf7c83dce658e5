"""Reports of the public, and what came of them: added only; an answer is given once, each with its entry."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_guards'),
        ('accounts', '0002_duty'),
        ('tps', '0004_centroid'),
        ('transcription', '0009_gold'),
        ('uploads', '0009_boxes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='task',
            name='why',
            field=models.CharField(blank=True, choices=[('differ', 'empat pembacaan tanpa mayoritas'), ('conflict', 'dua pembacaan yang sama kuat'), ('problem', 'pembaca melaporkan masalah'), ('blank', 'semua kotak kosong atau nol'), ('second', 'menunggu verifikator kedua'), ('returned', 'berkali-kali dikembalikan'), ('reported', 'dilaporkan warga')], max_length=8),
        ),
        migrations.CreateModel(
            name='ReportGroup',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('outcome', models.CharField(blank=True, choices=[('nothing_wrong', 'tidak ada yang keliru'), ('reread', 'dibaca ulang oleh orang lain'), ('case', 'fotonya ditinjau verifikator'), ('excluded', 'TPS dikecualikan dari hitungan')], max_length=13)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('station', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.pollingstation')),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('page', models.SmallIntegerField(null=True)),
                ('reason', models.CharField(choices=[('number', 'angka tidak sama dengan fotonya'), ('other_tps', 'foto dari TPS lain'), ('altered', 'foto diduga diubah'), ('personal', 'data pribadi terlihat'), ('official', 'angka resmi berbeda'), ('reread', 'minta dibaca ulang oleh orang lain'), ('other', 'lainnya')], max_length=9)),
                ('text', models.CharField(blank=True, max_length=500)),
                ('address_block', models.CharField(blank=True, max_length=32)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contest', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='tps.contest')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.device')),
                ('photo', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='uploads.photo')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='transcription.reportgroup')),
            ],
        ),
        migrations.AddConstraint(
            model_name='reportgroup',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('station',), name='one_open_group_of_reports_per_tps'),
        ),
        migrations.AddConstraint(
            model_name='reportgroup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closer', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('closed_at__isnull', False), ('closer__isnull', False)), _connector='OR'), name='an_answer_to_reports_says_by_whom_and_when'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('group', 'contest', 'device', 'reason', 'photo'), name='a_device_says_a_thing_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(('reason', 'other'), ('text', ''), _negated=True), name='another_reason_is_told'),
        ),
        append_only('transcription_report'),
        append_only('transcription_reportgroup', columns_that_may_change=('outcome', 'closer_id', 'closed_at')),
        must_be_logged('transcription_report', 'report'),
        must_be_logged('transcription_reportgroup', 'answer', on='UPDATE OF outcome'),
    ]
