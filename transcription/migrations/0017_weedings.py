"""Weedings are added; who they are of, and by whom, stays. Each confirmation has its entry in the log."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_bars'),
        ('tps', '0005_rule_version'),
        ('transcription', '0016_probation'),
        ('uploads', '0010_waiting_at_a_step'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Weeding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=12)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('proposed_at', models.DateTimeField(null=True)),
                ('address_block', models.CharField(blank=True, max_length=32)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('second_block', models.CharField(blank=True, max_length=32)),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('election', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tps.election')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('second_device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('sender_device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('undoes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='transcription.weeding')),
            ],
        ),
        migrations.CreateModel(
            name='WeedingPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_meant', models.BooleanField(default=True)),
                ('was_accepted', models.BooleanField(default=False)),
                ('left_out', models.CharField(blank=True, choices=[('in_hand', 'dikirim atau dibaca salah satu verifikator'), ('accepted', 'sementara itu diterima pembaca'), ('otherwise', 'sudah diputuskan lain'), ('withdrawn', 'ditarik pengirimnya'), ('alone', 'kedua verifikator tidak dapat memutuskannya bersama')], max_length=9)),
                ('rulings', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('done_at', models.DateTimeField(null=True)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='uploads.photo')),
                ('weeding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='transcription.weeding')),
            ],
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'sender_device'), name='one_open_weeding_per_sender', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.CheckConstraint(condition=models.Q(('account__isnull', True), ('sender_device__isnull', True), _connector='XOR'), name='a_weeding_is_of_one_sender'),
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', models.F('proposed_by')), _negated=True), name='two_adjudicators_weed'),
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('account')), _negated=True), models.Q(('confirmed_by', models.F('account')), _negated=True)), name='nobody_weeds_what_they_sent'),
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False), ('proposed_at__isnull', False)), _connector='OR'), name='a_confirmed_weeding_was_proposed_and_says_by_whom'),
        ),
        migrations.AddConstraint(
            model_name='weeding',
            constraint=models.CheckConstraint(condition=models.Q(('proposed_at', None), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_proposed_weeding_has_a_reason'),
        ),
        migrations.AddIndex(
            model_name='weedingphoto',
            index=models.Index(condition=models.Q(('done_at', None), ('is_meant', True), ('left_out', '')), fields=['weeding', 'id'], name='photo_to_be_weeded'),
        ),
        migrations.AddConstraint(
            model_name='weedingphoto',
            constraint=models.UniqueConstraint(fields=('weeding', 'photo'), name='a_weeding_has_a_photo_once'),
        ),
        append_only(
            "transcription_weeding",
            columns_that_may_change=(
                *("reason", "proposed_at", "device_id", "address_block"),
                *("confirmed_by_id", "confirmed_at", "second_device_id", "second_block", "ended_at"),
            ),
        ),
        must_be_logged(
            "transcription_weeding",
            "weeding",
            on="UPDATE OF confirmed_at",
            when="OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at",
        ),
    ]
