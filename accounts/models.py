"""People and devices."""

import secrets
import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


def new_salt() -> bytes:
    return secrets.token_bytes(32)


class Role(models.TextChoices):
    """One role a person: an operator never reads and never adjudicates in the same election (TRUST section 6)."""

    CITIZEN = "citizen", "pelapor"
    VOLUNTEER = "volunteer", "relawan"
    ADJUDICATOR = "adjudicator", "verifikator"
    OPERATOR = "operator", "pengelola"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, role=Role.OPERATOR, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. Never deleted: erased people lose address and salt, their pseudonym stays."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.CITIZEN)
    # Who invited them; the line of invitations keeps circles of acquaintances from agreeing with each other.
    invited_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="invited")
    salt = models.BinaryField(max_length=32, default=new_salt, editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(db_default=Now())

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_has_a_known_role"),
            models.CheckConstraint(
                condition=Q(is_staff=False) | Q(role=Role.OPERATOR), name="only_operators_enter_the_admin"
            ),
        ]

    def __str__(self) -> str:
        return self.email


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
