"""`manage.py sample_accounts`: people for trying things out, on a development instance only."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import onboarding
from accounts.models import Role, User

PASSWORD = "kata-sandi-contoh"  # noqa: S105  # known to everybody, refused outside development
NAMES = {Role.VOLUNTEER: "relawan", Role.ADJUDICATOR: "verifikator", Role.OPERATOR: "pengelola"}


class Command(BaseCommand):
    help = "Creates sample accounts, all with one known password. Development only. Running it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--volunteers", type=int, default=4)
        parser.add_argument("--adjudicators", type=int, default=2)
        parser.add_argument("--operators", type=int, default=2)

    def handle(self, *, volunteers: int, adjudicators: int, operators: int, **options: object) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Sample accounts have a known password; they are for PEMANTAU_DEVELOPMENT=1 only.")
        wanted = [
            (f"{NAMES[role]}{number}@contoh.test", role)
            for role, count in (
                (Role.VOLUNTEER, volunteers),
                (Role.ADJUDICATOR, adjudicators),
                (Role.OPERATOR, operators),
            )
            for number in range(1, count + 1)
        ]
        create(wanted)
        self.stdout.write(f"{'e-mail':<28} {'password':<20} role")
        for email, role in wanted:
            self.stdout.write(f"{email:<28} {PASSWORD:<20} {role.label}")


@transaction.atomic
def create(wanted: list[tuple[str, Role]]) -> None:
    """Add those accounts that are missing, verified. One hash serves all: hashing is slow.

    All of them have accepted the terms, practised, and are on no probation: there they are to decide at once.
    """
    hashed = make_password(PASSWORD)
    User.objects.bulk_create(
        [User(email=email, role=role, password=hashed, **onboarding.experienced()) for email, role in wanted],
        ignore_conflicts=True,
    )
    everybody = User.objects.filter(email__in=[email for email, _ in wanted])
    everybody.filter(terms_version__lt=onboarding.TERMS_VERSION).update(**onboarding.experienced())
    people = everybody.filter(emailaddress=None)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in people]
    )
