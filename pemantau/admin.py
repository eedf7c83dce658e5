"""Evidence in the admin site: to be looked at. What an operator may not see, `accounts.admin` says, stays out."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.admin import LookOnly
from aggregation.models import Result
from ledger.models import Event
from transcription.models import Decision
from uploads.models import Photo

# Passkeys, TOTP secrets and addresses are their owners' alone; groups give no rights here.
admin.site.unregister([Authenticator, EmailAddress, Group])

admin.site.site_header = admin.site.site_title = "Pemantau"


@admin.register(Photo)
class PhotoAdmin(LookOnly):
    list_display = ("id", "station", "contest", "page", "step", "received_at")
    list_filter = ("step", "contest")
    list_select_related = ("station", "contest")
    search_fields = ("station__code__startswith", "sha256__startswith")
    ordering = ("-received_at",)
    hidden = ("receipt", "device", "uploader", "address_block")


@admin.register(Decision)
class DecisionAdmin(LookOnly):
    list_display = ("photo_id", "version", "outcome", "how", "station", "contest", "page", "decided_at")
    list_filter = ("outcome", "how")
    list_select_related = ("station", "contest")
    search_fields = ("station__code__startswith",)
    ordering = ("-decided_at",)


@admin.register(Result)
class ResultAdmin(LookOnly):
    list_display = ("station", "contest", "state", "version", "changed_at")
    list_filter = ("state", "contest")
    list_select_related = ("station", "contest")
    search_fields = ("station__code__startswith",)
    ordering = ("-changed_at",)


@admin.register(Event)
class EventAdmin(LookOnly):
    """Each row is one public entry of the ledger, as it is published."""

    list_display = ("id", "log", "kind", "created_at")
    list_filter = ("kind",)
    ordering = ("-pk",)
    hidden = ("body",)
    readonly_fields = ("entry",)

    @admin.display(description="body")
    def entry(self, event: Any) -> str:
        return bytes(event.body).decode()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("log", "kind", "created_at", "entry")
