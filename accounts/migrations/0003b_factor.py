"""What two operators say about somebody's lost second factor."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='FactorReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('end', models.CharField(blank=True, choices=[('confirmed', 'Confirmed'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='factor_resets', to=settings.AUTH_USER_MODEL)),
                ('proposer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('end', '')), fields=('person',), name='one_open_reset_per_person'), models.CheckConstraint(condition=models.Q(models.Q(('end', 'confirmed'), _negated=True), models.Q(('closer', models.F('proposer')), _negated=True), _connector='OR'), name='two_operators_reset_a_factor'), models.CheckConstraint(condition=models.Q(models.Q(('proposer', models.F('person')), _negated=True), models.Q(('closer', None), models.Q(('closer', models.F('person')), _negated=True), _connector='OR')), name='nobody_resets_their_own_factor'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closer', None), ('end', '')), models.Q(models.Q(('end', ''), _negated=True), ('closed_at__isnull', False), ('closer__isnull', False)), _connector='OR'), name='a_closed_reset_says_by_whom_and_when')],
            },
        ),
    ]
