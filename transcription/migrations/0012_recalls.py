"""Recalls are added; who confirmed one, and that it ended, is written once. Each confirmation has its entry in the log."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('transcription', '0011_tps_as_read'),
        ('uploads', '0010_waiting_at_a_step'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Recall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.BooleanField()),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RecallPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effect', models.CharField(max_length=20, null=True)),
                ('looked_at', models.DateTimeField(null=True)),
                ('sums', models.JSONField(default=dict)),
                ('decided_again_at', models.DateTimeField(null=True)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='uploads.photo')),
                ('recall', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='transcription.recall')),
            ],
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account',), name='one_open_recall_per_account'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', models.F('proposed_by')), _negated=True), name='two_operators_recall'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('account')), _negated=True), models.Q(('confirmed_by', models.F('account')), _negated=True)), name='nobody_recalls_themselves'),
        ),
        migrations.AddConstraint(
            model_name='recall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', None)), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False)), _connector='OR'), name='a_confirmed_recall_says_by_whom_and_when'),
        ),
        migrations.AddIndex(
            model_name='recallphoto',
            index=models.Index(condition=models.Q(('decided_again_at', None)), fields=['recall', 'id'], name='photo_to_be_decided_again'),
        ),
        migrations.AddConstraint(
            model_name='recallphoto',
            constraint=models.UniqueConstraint(fields=('recall', 'photo'), name='a_recall_touches_a_photo_once'),
        ),
        append_only("transcription_recall", columns_that_may_change=("confirmed_by_id", "confirmed_at", "ended_at")),
        must_be_logged(
            "transcription_recall",
            "revoke",
            on="UPDATE OF confirmed_at",
            when="OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at",
        ),
    ]
