"""Announcements: rows are added, each with its entry in the ledger."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003c_leaving'),
    ]

    operations = [
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(blank=True, max_length=280)),
                ('text_en', models.CharField(blank=True, max_length=280)),
                ('severity', models.CharField(blank=True, choices=[('info', 'pemberitahuan'), ('important', 'penting')], max_length=9)),
                ('audience', models.CharField(blank=True, choices=[('everybody', 'semua orang'), ('public', 'hanya umum, bukan relawan'), ('readers', 'relawan, verifikator dan pengelola')], max_length=9)),
                ('ends_at', models.DateTimeField(null=True)),
                ('turned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ends', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='end', to='accounts.announcement')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ends__isnull', True), models.Q(('text', ''), _negated=True), models.Q(('severity', ''), _negated=True), models.Q(('audience', ''), _negated=True)), models.Q(('audience', ''), ('ends__isnull', False), ('ends_at', None), ('severity', ''), ('text', ''), ('text_en', '')), _connector='OR'), name='an_announcement_says_something_or_ends_one')],
            },
        ),
        append_only('accounts_announcement'),
        must_be_logged('accounts_announcement', 'announcement'),
    ]
