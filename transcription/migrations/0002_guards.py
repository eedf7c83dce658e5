"""What the tables cannot say with a constraint alone, as triggers.

Each refusal carries the name of the rule as its constraint's name; `transcription/guards.py` turns it into a
sentence. A photo's row is locked first, so that what is checked here still holds at the commit.
"""

from django.db import migrations

from ledger.duty import must_be_logged
from ledger.immutability import append_only

REFUSE = """
CREATE FUNCTION transcription_refuse(rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused: %', rule USING ERRCODE = 'check_violation', CONSTRAINT = rule;
END $$;

CREATE FUNCTION transcription_next_version(photo uuid) RETURNS integer LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT coalesce(max(version), 0) + 1 FROM transcription_decision WHERE photo_id = photo;
$$;

CREATE FUNCTION transcription_are_numbers(numbers jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(numbers) = 'object' AND numbers <> '{}' AND NOT EXISTS (
        SELECT FROM jsonb_each(numbers) field
         WHERE field.value NOT IN ('"kosong"', '"tidak_terbaca"')
           AND NOT (jsonb_typeof(field.value) = 'number' AND field.value::text ~ '^(0|[1-9][0-9]{0,2})$'));
$$;

-- Every number was read by somebody from this page of this photo, and none of the page's numbers is left out.
CREATE FUNCTION transcription_were_read(photo uuid, read_page smallint, numbers jsonb) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM jsonb_each(numbers) field
         WHERE NOT EXISTS (SELECT FROM transcription_entry e
                            WHERE e.photo_id = photo AND e.page = read_page
                              AND e.numbers -> field.key = field.value))
       AND EXISTS (
        SELECT FROM transcription_entry e
         WHERE e.photo_id = photo AND e.page = read_page
           AND (SELECT count(*) FROM jsonb_object_keys(e.numbers)) = (SELECT count(*) FROM jsonb_object_keys($3)));
$$;
"""

DROP_REFUSE = """
DROP FUNCTION transcription_were_read(uuid, smallint, jsonb);
DROP FUNCTION transcription_are_numbers(jsonb);
DROP FUNCTION transcription_next_version(uuid);
DROP FUNCTION transcription_refuse(text);
"""

ENTRY = """
CREATE FUNCTION transcription_guard_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    sent record;
BEGIN
    SELECT uploader_id, device_id INTO sent FROM uploads_photo WHERE id = NEW.photo_id FOR NO KEY UPDATE;
    NEW.round := transcription_next_version(NEW.photo_id);
    IF NEW.numbers IS NOT NULL AND NOT transcription_are_numbers(NEW.numbers) THEN
        PERFORM transcription_refuse('an_entry_holds_numbers_from_0_to_999');
    END IF;
    IF NEW.source = 'uploader' THEN
        IF NOT coalesce(NEW.account_id = sent.uploader_id OR NEW.device_id = sent.device_id, false) THEN
            PERFORM transcription_refuse('the_senders_entry_is_the_senders');
        END IF;
    ELSIF NEW.source = 'volunteer' THEN
        -- Locked: a role that changes now changes after this entry, or before it and refuses it.
        PERFORM FROM accounts_user
          WHERE id = NEW.account_id AND is_active AND role IN ('volunteer', 'adjudicator') FOR SHARE;
        IF NOT FOUND THEN
            PERFORM transcription_refuse('only_readers_read');
        END IF;
        IF sent.uploader_id = NEW.account_id OR sent.device_id = NEW.device_id OR EXISTS (
            SELECT FROM uploads_repeat
             WHERE photo_id = NEW.photo_id AND (account_id = NEW.account_id OR device_id = NEW.device_id)) THEN
            PERFORM transcription_refuse('nobody_reads_what_they_sent');
        END IF;
        IF EXISTS (SELECT FROM transcription_ruling
                    WHERE photo_id = NEW.photo_id AND adjudicator_id = NEW.account_id) THEN
            PERFORM transcription_refuse('nobody_reads_what_they_ruled_on');
        END IF;
        IF NOT EXISTS (SELECT FROM transcription_lease
                        WHERE id = NEW.lease_id AND account_id = NEW.account_id AND task_id = NEW.photo_id) THEN
            PERFORM transcription_refuse('everybody_reads_under_a_lease_of_their_own');
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON transcription_entry
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_entry();
"""

RULING = """
CREATE FUNCTION transcription_guard_ruling() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    sent record;
BEGIN
    SELECT uploader_id, device_id INTO sent FROM uploads_photo WHERE id = NEW.photo_id FOR NO KEY UPDATE;
    NEW.round := transcription_next_version(NEW.photo_id);
    PERFORM FROM accounts_user WHERE id = NEW.adjudicator_id AND is_active AND role = 'adjudicator' FOR SHARE;
    IF NOT FOUND THEN
        PERFORM transcription_refuse('only_adjudicators_rule');
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT sent.uploader_id, sent.device_id
                     UNION ALL SELECT account_id, device_id FROM uploads_repeat WHERE photo_id = NEW.photo_id)
               AS sender (account, device)
         WHERE account = NEW.adjudicator_id OR device = NEW.device_id
            OR device IN (SELECT device_id FROM accounts_sighting WHERE user_id = NEW.adjudicator_id)) THEN
        PERFORM transcription_refuse('nobody_rules_on_what_they_sent');
    END IF;
    IF EXISTS (SELECT FROM transcription_entry
                WHERE photo_id = NEW.photo_id AND account_id = NEW.adjudicator_id) THEN
        PERFORM transcription_refuse('nobody_rules_on_what_they_read');
    END IF;
    IF EXISTS (SELECT FROM transcription_decision d JOIN transcription_ruling r ON r.id = ANY (d.because)
                WHERE d.photo_id = NEW.photo_id AND d.version = NEW.round - 1
                  AND r.adjudicator_id = NEW.adjudicator_id) THEN
        PERFORM transcription_refuse('nobody_replaces_their_own_ruling');
    END IF;
    IF NEW.numbers IS NOT NULL AND NOT transcription_were_read(NEW.photo_id, NEW.page, NEW.numbers) THEN
        PERFORM transcription_refuse('a_ruling_holds_numbers_that_somebody_read');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON transcription_ruling
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_ruling();
"""

DECISION = """
CREATE FUNCTION transcription_guard_decision() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    behind record;
BEGIN
    PERFORM FROM uploads_photo WHERE id = NEW.photo_id FOR NO KEY UPDATE;
    IF NEW.version <> transcription_next_version(NEW.photo_id) THEN
        PERFORM transcription_refuse('decisions_are_numbered_without_gaps');
    END IF;
    SELECT count(*) AS found, count(DISTINCT person) AS people, count(*) FILTER (WHERE ruled) AS rulings,
           count(DISTINCT place) FILTER (WHERE person IS NOT NULL) AS places
      INTO behind
      FROM (SELECT CASE WHEN source = 'volunteer' THEN account_id END AS person, false AS ruled,
                   coalesce(device_id::text, account_id::text) AS place
              FROM transcription_entry WHERE photo_id = NEW.photo_id AND id = ANY (NEW.because)
            UNION ALL
            SELECT adjudicator_id, true, coalesce(device_id::text, adjudicator_id::text)
              FROM transcription_ruling WHERE photo_id = NEW.photo_id AND id = ANY (NEW.because)) AS these;
    IF behind.found = 0 OR behind.found <> (SELECT count(DISTINCT id) FROM unnest(NEW.because) AS id) THEN
        PERFORM transcription_refuse('a_decision_rests_on_its_own_photo');
    END IF;
    IF NEW.outcome <> 'reopened' AND behind.people < 2 THEN
        PERFORM transcription_refuse('nobody_decides_alone');
    END IF;
    IF NEW.outcome <> 'reopened' AND behind.places < 2 THEN
        PERFORM transcription_refuse('two_accounts_of_one_device_decide_nothing');
    END IF;
    IF (NEW.outcome = 'rejected' OR NEW.how = 'adjudicated') AND behind.rulings = 0 THEN
        PERFORM transcription_refuse('rejecting_takes_an_adjudicator');
    END IF;
    IF NEW.numbers IS NOT NULL AND NOT transcription_were_read(NEW.photo_id, NEW.page, NEW.numbers) THEN
        PERFORM transcription_refuse('a_decision_holds_numbers_that_somebody_read');
    END IF;
    IF NOT EXISTS (SELECT FROM uploads_photo
                    WHERE id = NEW.photo_id AND station_id = NEW.station_id AND contest_id = NEW.contest_id)
       AND NOT EXISTS (SELECT FROM transcription_ruling r JOIN uploads_photo p ON p.id = r.photo_id
                        WHERE r.photo_id = NEW.photo_id AND r.verdict = 'rehome'
                          AND r.station_id = NEW.station_id AND p.contest_id = NEW.contest_id
                       HAVING count(DISTINCT r.adjudicator_id) > 1
                          AND count(DISTINCT coalesce(r.device_id::text, r.adjudicator_id::text)) > 1) THEN
        PERFORM transcription_refuse('two_adjudicators_move_a_photo');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON transcription_decision
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_decision();
"""


def guard(table: str, sql: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        sql, f"DROP TRIGGER guard ON transcription_{table}; DROP FUNCTION transcription_guard_{table}();"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("transcription", "0001_initial"),
        ("ledger", "0002_guards"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(REFUSE, DROP_REFUSE),
        guard("entry", ENTRY),
        guard("ruling", RULING),
        guard("decision", DECISION),
        append_only("transcription_entry"),
        append_only("transcription_ruling"),
        append_only("transcription_decision"),
        append_only("transcription_pairtally"),
        must_be_logged("transcription_entry", "reading"),
        must_be_logged("transcription_ruling", "ruling"),
        must_be_logged("transcription_decision", "decision"),
    ]
