"""Photos that wait for readers, and readers, in the invented nation of `_database`: rows by SQL, no pictures."""

from uuid import UUID

from _database import run, switch_guards

SENDER = UUID(int=1)  # the device that sent all photos
TABLES = ("uploads_photo", "transcription_task", "transcription_entry", "transcription_lease")


def photos(contest, start: int, stop: int) -> None:
    """One photo of page 2 for each of these TPS (by the order of their ids), open to two readers."""
    switch_guards("DISABLE", *TABLES)
    run(
        """
        INSERT INTO uploads_photo (id, station_id, contest_id, page, sha256, size, media_type, width, height,
                                   device_id, receipt, marks, step)
        SELECT gen_random_uuid(), s.id, %(contest)s, 2, encode(sha256(s.code::bytea), 'hex'), 300000, 'image/jpeg',
               1200, 1600, %(sender)s, 'R' || s.id, '{}', 'read'
          FROM (SELECT id, code FROM tps_pollingstation WHERE election_id = 'besar'
                 ORDER BY id OFFSET %(start)s LIMIT %(stop)s - %(start)s) s
        """,
        {"contest": contest.pk, "start": start, "stop": stop, "sender": SENDER},
    )
    run(
        """
        INSERT INTO transcription_task (photo_id, wants, leased, rank, touched_by, touched_on, returned,
                                        needs_adjudicator, why)
        SELECT p.id, 2, 0, 16 * row_number() OVER (PARTITION BY left(s.code, 6) ORDER BY p.id),
               '{}', ARRAY[p.device_id::text], 0, false, ''
          FROM uploads_photo p JOIN tps_pollingstation s ON s.id = p.station_id
         WHERE NOT EXISTS (SELECT FROM transcription_task t WHERE t.photo_id = p.id)
        """
    )
    switch_guards("ENABLE", *TABLES)
    run("VACUUM ANALYZE uploads_photo")
    run("VACUUM ANALYZE transcription_task")


def readers(count: int) -> list[tuple[int, object]]:
    """Volunteers and their devices: ids of accounts and devices. `SENDER` is there too."""
    from accounts import onboarding
    from accounts.models import Device, Role, User

    Device.objects.create(pk=SENDER)
    devices = Device.objects.bulk_create(Device() for _ in range(count))
    emails = (f"pembaca{n}@contoh.test" for n in range(count))
    people = User.objects.bulk_create(
        User(email=email, role=Role.VOLUNTEER, password="!", **onboarding.experienced()) for email in emails
    )
    return [(person.pk, device.pk) for person, device in zip(people, devices, strict=True)]
