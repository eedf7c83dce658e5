"""People and devices."""

import secrets
import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_noop as _  # labels stay Indonesian in data; templates translate


def new_salt() -> bytes:
    return secrets.token_bytes(32)


class Role(models.TextChoices):
    """One role a person: an operator never reads and never adjudicates in the same election (TRUST section 6)."""

    CITIZEN = "citizen", _("pelapor")
    VOLUNTEER = "volunteer", _("relawan")
    ADJUDICATOR = "adjudicator", _("verifikator")
    OPERATOR = "operator", _("pengelola")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """`manage.py createsuperuser`: how the first two operators come to be. Later ones need two operators."""
        return self.create_user(email, password, role=Role.OPERATOR, **fields)


class User(AbstractBaseUser):
    """A person with an account. Never deleted: erased people lose address and salt (`accounts.leaving`), their
    pseudonym stays.

    The role is the only source of rights: there are no groups, no superusers, no rights of single people.
    """

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.CITIZEN)
    # The volunteer who brought them; circles of acquaintances do not agree with each other (`independence`).
    invited_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="invited")
    salt = models.BinaryField(max_length=32, default=new_salt, editable=False)
    # Of who left: the commitment by which the ledger knows them, since nobody can compute it without the salt.
    pseudonym = models.CharField(max_length=45, blank=True, default="", db_default="", editable=False)
    # An operator took a role from them: no invitation gives it back, only an operator does.
    dismissed = models.BooleanField(default=False, db_default=False)
    # The last election in which they could read or judge, and in which they were an operator: never the same one.
    read_in = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    operated_in = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    is_active = models.BooleanField(default=True)
    # Given no task for now, as the newest of their turns says (`transcription.models.BarTurn`).
    paused = models.BooleanField(default=False, db_default=False)
    joined_at = models.DateTimeField(db_default=Now())
    # What comes before the first photo, and when their readings count in full (`onboarding`).
    terms_version = models.SmallIntegerField(default=0)  # the newest they accepted; 0: none
    terms_accepted_at = models.DateTimeField(null=True)
    practised_at = models.DateTimeField(null=True)
    established_at = models.DateTimeField(null=True)  # None: on probation
    # What they chose to be called on the volunteers' board (`display_names`); empty: they are not on it.
    display_name = models.CharField(max_length=30, blank=True, default="", db_default="")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_has_a_known_role"),
            models.CheckConstraint(condition=~Q(invited_by=models.F("id")), name="nobody_invites_themselves"),
            models.CheckConstraint(
                condition=Q(pseudonym="")
                | Q(is_active=False, role=Role.CITIZEN, salt=b"", last_login=None, display_name=""),
                name="who_left_has_no_salt_and_no_role",
            ),
            models.CheckConstraint(
                condition=Q(read_in="") | ~Q(read_in=models.F("operated_in")), name="who_operates_has_not_read"
            ),
            models.CheckConstraint(
                condition=Q(terms_version=0) ^ Q(terms_accepted_at__isnull=False), name="terms_accepted_have_a_moment"
            ),
            models.UniqueConstraint(
                Lower("display_name"), condition=~Q(display_name=""), name="a_display_name_is_one_persons"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether they enter the admin site: operators do, nobody else."""
        return self.is_active and self.role == Role.OPERATOR

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's question for the admin site; what may be changed there is said by each `admin.py`."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Proposals(models.QuerySet["Proposal"]):
    def close(self, end: str, by: "User") -> bool:
        """Close what is open among these; false where nothing is."""
        return self.filter(end="").update(end=end, closer=by, closed_at=Now()) > 0


class Proposal(models.Model):
    """One person's word, which comes true once another one confirms it (TRUST section 6, "2").

    Open until another confirms it, or it is withdrawn. Rows are closed once, never reopened.
    The device is the proposer's.
    """

    class End(models.TextChoices):
        CONFIRMED = "confirmed"
        WITHDRAWN = "withdrawn"

    proposer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now())
    end = models.CharField(max_length=9, blank=True, choices=End.choices)
    closer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    objects = Proposals.as_manager()

    class Meta:
        abstract = True

    @staticmethod
    def one_open(about: list[str], name: str) -> models.UniqueConstraint:
        return models.UniqueConstraint(fields=about, condition=Q(end=""), name=name)

    @staticmethod
    def takes_two(name: str) -> models.CheckConstraint:
        return models.CheckConstraint(condition=~Q(end="confirmed") | ~Q(closer=models.F("proposer")), name=name)

    @staticmethod
    def never_by(person: str, name: str) -> models.CheckConstraint:
        """Nobody proposes or closes what is about themselves."""
        return models.CheckConstraint(
            condition=~Q(proposer=models.F(person)) & (Q(closer=None) | ~Q(closer=models.F(person))), name=name
        )

    @staticmethod
    def closed_by_somebody(name: str) -> models.CheckConstraint:
        return models.CheckConstraint(
            condition=Q(end="", closer=None, closed_at=None)
            | (~Q(end="") & Q(closer__isnull=False, closed_at__isnull=False)),
            name=name,
        )


class RoleProposal(Proposal):
    """That somebody is to have a role which only two operators give or take."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints = [
            Proposal.one_open(["person"], "one_open_proposal_per_person"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="proposal_is_of_a_known_role"),
            Proposal.takes_two("two_operators_give_a_role"),
            Proposal.never_by("person", "nobody_gives_themselves_a_role"),
            Proposal.closed_by_somebody("a_closed_proposal_says_by_whom_and_when"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.role}"


class Device(models.Model):
    """A browser that sent or read something, known by a signed cookie. Knows nobody's name or address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    salt = models.BinaryField(max_length=32, default=new_salt, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pk)


class Sighting(models.Model):
    """A person seen on a device or in an address block on one day: two such people are not independent.

    `address_block` is HMAC(daily key, IPv4 /24 or IPv6 /48), never the address; empty where it tells nothing
    (loopback). Rows older than seven days are deleted.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    device = models.ForeignKey(Device, null=True, on_delete=models.CASCADE)
    address_block = models.CharField(max_length=32, blank=True)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "device", "address_block", "day"],
                name="one_sighting_a_day",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["device", "user"]),
            models.Index(fields=["address_block", "user"], condition=~Q(address_block=""), name="sighting_by_block"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class Invitation(models.Model):
    """A link with which people become volunteers (`accounts.invitations`). Its token is known to its maker alone.

    Rows are added; only revoking changes them.
    """

    inviter = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)  # SHA-256, hexadecimal
    places = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(places__range=(1, 1000)), name="an_invitation_is_for_1_to_1000"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} of {self.inviter_id}"


class Acceptance(models.Model):
    """Somebody became a volunteer by an invitation, once in their life. Rows are added, never edited."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="acceptances")
    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="acceptance")
    accepted_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.person_id} by {self.invitation_id}"


class InvitationTurn(models.Model):
    """An operator switched all invitations on or off, or revoked those of one person. Rows are added."""

    class What(models.TextChoices):
        ON = "on", _("dinyalakan")
        OFF = "off", _("dimatikan")
        REVOKED = "revoked", _("tautan dicabut")

    what = models.CharField(max_length=7, choices=What.choices)
    inviter = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what="revoked") ^ Q(inviter__isnull=True), name="only_revoking_is_about_one_person"
            ),
            models.CheckConstraint(condition=Q(what__in=["on", "off", "revoked"]), name="a_known_turn_of_invitations"),
        ]

    def __str__(self) -> str:
        return f"{self.what} by {self.by_id}"


class FactorReset(Proposal):
    """That somebody's passkeys and authenticator app are to be removed (`accounts.factor_resets`)."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")

    class Meta:
        constraints = [
            Proposal.one_open(["person"], "one_open_reset_per_person"),
            Proposal.takes_two("two_operators_reset_a_factor"),
            Proposal.never_by("person", "nobody_resets_their_own_factor"),
            Proposal.closed_by_somebody("a_closed_reset_says_by_whom_and_when"),
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class Announcement(models.Model):
    """A text that operators show on top of all pages, or the end of one (`accounts.announcements`). Rows are added."""

    class Severity(models.TextChoices):
        INFO = "info", _("pemberitahuan")
        IMPORTANT = "important", _("penting")

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", _("semua orang")
        PUBLIC = "public", _("hanya umum, bukan relawan")
        READERS = "readers", _("relawan, verifikator dan pengelola")

    text = models.CharField(max_length=280, blank=True)
    text_en = models.CharField(max_length=280, blank=True)
    severity = models.CharField(max_length=9, blank=True, choices=Severity.choices)
    audience = models.CharField(max_length=9, blank=True, choices=Audience.choices)
    ends_at = models.DateTimeField(null=True)
    ends = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="end")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    turned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(ends__isnull=True) & ~Q(text="") & ~Q(severity="") & ~Q(audience=""))
                | Q(ends__isnull=False, text="", text_en="", severity="", audience="", ends_at=None),
                name="an_announcement_says_something_or_ends_one",
            ),
        ]

    def __str__(self) -> str:
        return f"ends {self.ends_id}" if self.ends_id else self.text
