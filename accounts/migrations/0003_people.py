"""Invitations, and a line that is set once and never bites its own tail."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only

LINE = """
CREATE FUNCTION accounts_line_is_set_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'who invited somebody is set once' USING ERRCODE = 'PM001';
END $$;
CREATE TRIGGER line_is_set_once BEFORE UPDATE OF invited_by_id ON accounts_user FOR EACH ROW
    WHEN (OLD.invited_by_id IS NOT NULL AND NEW.invited_by_id IS DISTINCT FROM OLD.invited_by_id)
    EXECUTE FUNCTION accounts_line_is_set_once();
CREATE FUNCTION accounts_line_has_an_end() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE up (member) AS (
            SELECT NEW.invited_by_id
            UNION
            SELECT guest.invited_by_id FROM up JOIN accounts_user guest ON guest.id = up.member
             WHERE guest.invited_by_id IS NOT NULL
        )
        SELECT FROM up WHERE member = NEW.id) THEN
        RAISE EXCEPTION 'a line of invitations bites its own tail' USING ERRCODE = 'PM001';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER line_has_an_end AFTER UPDATE OF invited_by_id ON accounts_user DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.invited_by_id IS NOT NULL) EXECUTE FUNCTION accounts_line_has_an_end();
"""
NO_LINE = """
DROP TRIGGER line_is_set_once ON accounts_user; DROP FUNCTION accounts_line_is_set_once();
DROP TRIGGER line_has_an_end ON accounts_user; DROP FUNCTION accounts_line_has_an_end();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_duty'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='dismissed',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('places', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('inviter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('accepted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='acceptance', to=settings.AUTH_USER_MODEL)),
                ('invitation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='accounts.invitation')),
            ],
        ),
        migrations.CreateModel(
            name='InvitationTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('on', 'dinyalakan'), ('off', 'dimatikan'), ('revoked', 'tautan dicabut')], max_length=7)),
                ('turned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inviter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('places__range', (1, 1000))), name='an_invitation_is_for_1_to_1000'),
        ),
        migrations.AddConstraint(
            model_name='invitationturn',
            constraint=models.CheckConstraint(condition=models.Q(('what', 'revoked'), ('inviter__isnull', True), _connector='XOR'), name='only_revoking_is_about_one_person'),
        ),
        migrations.AddConstraint(
            model_name='invitationturn',
            constraint=models.CheckConstraint(condition=models.Q(('what__in', ['on', 'off', 'revoked'])), name='a_known_turn_of_invitations'),
        ),
        append_only('accounts_invitation', ['revoked_at']),
        append_only('accounts_acceptance'),
        append_only('accounts_invitationturn'),
        must_be_logged('accounts_invitationturn', 'invitations'),
        migrations.RunSQL(LINE, NO_LINE),
    ]
