"""Who left keeps the commitment that the ledger knows, and nothing else."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003b_factor'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='pseudonym',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=45),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('pseudonym', ''), models.Q(('is_active', False), ('last_login', None), ('role', 'citizen'), ('salt', b'')), _connector='OR'), name='who_left_has_no_salt_and_no_role'),
        ),
    ]
