"""Practice forms. Whoever has read photos before there were any need not practise, nor begin as somebody new."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


OLD_HANDS = """
UPDATE accounts_user u SET practised_at = now(), established_at = now()
 WHERE EXISTS (SELECT FROM transcription_entry e WHERE e.account_id = u.id AND e.source = 'volunteer');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_onboarding'),
        ('transcription', '0014_two_reject'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PracticeResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.SmallIntegerField()),
                ('tries', models.IntegerField()),
                ('done_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'form'), name='one_result_per_account_and_practice_form')],
            },
        ),
        migrations.RunSQL(OLD_HANDS, migrations.RunSQL.noop),
    ]
