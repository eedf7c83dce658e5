"""Whether somebody had another photo of the same page of a TPS in hand, for the statement that hands photos out.

A function, since PostgreSQL keeps the plan of what stands in one: written out in that statement it is planned anew each
time, which takes longer than to run it.
"""

from django.db import migrations

OF_A_KIND = """
CREATE FUNCTION transcription_page_of(photo uuid, claimed smallint, tags integer[], pages integer[]) RETURNS integer
    LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce(pages[array_position(tags, (SELECT g.tag::integer FROM uploads_pagetag g WHERE g.photo_id = photo))],
                    claimed);
END $$;

CREATE FUNCTION transcription_met_of_a_kind(asked uuid, circle bigint[], places varchar[], tags integer[],
                                            pages integer[], tagless varchar[], crowd integer)
    RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    own record;
    own_page integer;
    may_be_any boolean;
BEGIN
    SELECT station_id, contest_id, page,
           (SELECT count(*) FROM (SELECT FROM uploads_photo beside WHERE beside.station_id = p.station_id
                                     AND beside.contest_id = p.contest_id LIMIT crowd) AS there) AS there
      INTO own FROM uploads_photo p WHERE id = asked;
    IF own.there >= crowd THEN
        RETURN NULL;
    END IF;
    IF own.there > 1 THEN
        own_page := transcription_page_of(asked, own.page, tags, pages);
        SELECT form <> ALL (tagless) INTO may_be_any FROM tps_contest WHERE id = own.contest_id;
        IF EXISTS (
            SELECT FROM uploads_photo beside JOIN transcription_task other ON other.photo_id = beside.id
             WHERE beside.station_id = own.station_id AND beside.contest_id = own.contest_id
               AND beside.id <> asked AND (other.touched_by && circle OR other.touched_on && places)
               AND coalesce(transcription_page_of(beside.id, beside.page, tags, pages) = own_page,
                            may_be_any)) THEN
            RETURN true;
        END IF;
    END IF;
    RETURN EXISTS (
        SELECT FROM (SELECT second_id AS id FROM uploads_alike WHERE first_id = asked
                     UNION ALL SELECT first_id FROM uploads_alike WHERE second_id = asked LIMIT crowd) AS alike
          JOIN transcription_task other ON other.photo_id = alike.id
         WHERE other.touched_by && circle OR other.touched_on && places);
END $$;

CREATE FUNCTION transcription_tps_in_hand(account bigint, device uuid) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT p.station_id FROM transcription_lease l JOIN uploads_photo p ON p.id = l.task_id
     WHERE (l.account_id = account OR l.device_id = device) AND l."end" <> 'expired'
    UNION
    SELECT p.station_id FROM transcription_firstlook f JOIN uploads_photo p ON p.id = f.photo_id
     WHERE f.adjudicator_id = account;
END $$;
"""
NO_KIND = """
DROP FUNCTION transcription_tps_in_hand(bigint, uuid);
DROP FUNCTION transcription_met_of_a_kind(uuid, bigint[], varchar[], integer[], integer[], varchar[], integer);
DROP FUNCTION transcription_page_of(uuid, smallint, integer[], integer[]);
"""


class Migration(migrations.Migration):
    dependencies = [("transcription", "0021_words_of_decisions"), ("uploads", "0011_bubbles")]

    operations = [migrations.RunSQL(OF_A_KIND, NO_KIND)]
