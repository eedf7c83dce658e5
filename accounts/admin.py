"""The admin site is for operators, and evidence can only be looked at there, never changed.

What would tell them more than their role may see stays out: readings, leases, receipts, who sent a photo.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import RoleProposal, User


class LookOnly(admin.ModelAdmin):
    """Nobody adds, changes or deletes rows here. `hidden` fields are not shown either."""

    hidden: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.hidden


@admin.register(User)
class UserAdmin(LookOnly):
    """Roles change on /kelola/orang/, where two operators are asked where two are needed."""

    list_display = ("email", "role", "is_active", "joined_at")
    list_filter = ("role", "is_active")
    search_fields = ("email",)
    ordering = ("email",)
    hidden = ("password", "salt", "pseudonym")


@admin.register(RoleProposal)
class RoleProposalAdmin(LookOnly):
    hidden = ("device",)
    list_display = ("person", "role", "proposer", "proposed_at", "end", "closer", "closed_at")
    list_filter = ("end", "role")
    list_select_related = ("person", "proposer", "closer")
    ordering = ("-pk",)
