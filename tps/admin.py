"""Reference data in the admin site. Operators prepare elections, contests and options; each change goes into the
ledger in the same transaction. Regions and TPS are only looked at: they come by import.

One operator alone prepares; what people count with, the current election and any that has photos, is only looked
at here too. It changes by `import_election`, for which somebody at the server has to run what another has written.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import commitments
from accounts.admin import LookOnly
from accounts.models import User
from tps import elections, form_definitions, reference
from tps.elections import ContestPlan, ElectionPlan
from tps.models import Contest, Election, Option, PollingStation, Region


class Told(admin.ModelAdmin):
    """Changes here are told in the ledger of the election they touch.

    Django's views of one object run in one transaction each; the entry is appended in it, after the related rows.
    """

    actions = None  # deleting many at once would be one transaction each
    once: tuple[str, ...] = ()  # fields that nobody changes after the row was made

    def election_of(self, row: Any) -> Election:
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and _is_in_use(self.election_of(obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and _is_in_use(self.election_of(obj)))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.once if obj else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self._tell(request, self.election_of(form.instance))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        election = self.election_of(obj)
        super().delete_model(request, obj)
        self._tell(request, election)

    def _tell(self, request: HttpRequest, election: Election) -> None:
        assert isinstance(request.user, User)
        reference.record(election, by=commitments.of(request.user))


def _is_in_use(election: Election) -> bool:
    """Whether people see it as the current one, or have sent photos for it."""
    return election.is_current or PollingStation.objects.filter(election=election, photo__isnull=False).exists()


def _refuse_if_in_use(election: Election | None) -> None:
    if election and _is_in_use(election):
        raise ValidationError(_("Pemilu ini sudah berjalan. Perubahannya dimuat dari berkas oleh dua orang."))


class ElectionForm(forms.ModelForm):
    class Meta:
        model = Election
        fields = ("code", "name", "date", "rule_version")


@admin.register(Election)
class ElectionAdmin(Told):
    form = ElectionForm
    list_display = ("code", "name", "date", "is_current", "rule_version")
    ordering = ("-is_current", "-date")
    once = ("code", "rule_version")

    def election_of(self, row: Election) -> Election:
        return row

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (isinstance(obj, Election) and obj.hashes)


class ContestForm(forms.ModelForm):
    """A contest has a form of its kind, and shares no region with another contest of its kind."""

    form = forms.ChoiceField(choices=lambda: [(name, name) for name in form_definitions.names()])
    seats = forms.IntegerField(required=False, min_value=elections.SEATS.start, max_value=elections.SEATS.stop - 1)

    class Meta:
        model = Contest
        fields = ("election", "code", "kind", "name", "form", "seats", "area")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        election = values.get("election") or getattr(self.instance, "election", None)
        _refuse_if_in_use(election)
        kind, name = values.get("kind"), values.get("form")
        if kind == Contest.Kind.PPWP and values.get("seats"):
            self.add_error("seats", ValidationError(_("Pemilihan presiden tidak mempunyai kursi.")))
        if kind and name and form_definitions.load(name).kind != kind:
            self.add_error("form", ValidationError(_("Formulir ini untuk jenis pemilihan lain.")))
        elif election and kind and name and "area" in values:
            self._look_for_overlaps(election, values)
        return values

    def _look_for_overlaps(self, election: Election, values: dict[str, Any]) -> None:
        code = values.get("code") or self.instance.code
        area = frozenset(region.pk for region in values["area"])
        contest = ContestPlan(code, values["kind"], values["name"], values["form"], area)
        if any(elections.overlaps(ElectionPlan(election.pk, election.name, election.date, (contest,)))):
            self.add_error("area", ValidationError(_("Sebagian wilayah ini sudah punya pemilihan lain yang sejenis.")))


@admin.register(Contest)
class ContestAdmin(Told):
    form = ContestForm
    list_display = ("code", "name", "election", "kind", "form", "seats")
    list_filter = ("election", "kind")
    list_select_related = ("election",)
    search_fields = ("code", "name")
    ordering = ("election", "code")
    autocomplete_fields = ("area",)
    show_full_result_count = False
    once = ("election", "code")

    def election_of(self, row: Contest) -> Election:
        return row.election


class OptionForm(forms.ModelForm):
    """A candidate stands under a party of the same contest; a party stands under none."""

    class Meta:
        model = Option
        fields = ("contest", "party", "number", "name")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        contest = values.get("contest") or getattr(self.instance, "contest", None)
        _refuse_if_in_use(contest.election if contest else None)
        party = values.get("party")
        if party and (party.contest != contest or party.party_id or party == self.instance):
            self.add_error("party", ValidationError(_("Pilih partai dari pemilihan yang sama.")))
        return values


@admin.register(Option)
class OptionAdmin(Told):
    form = OptionForm
    list_display = ("number", "name", "party", "contest")
    list_filter = ("contest__election", "contest__kind")
    list_select_related = ("contest", "party")
    search_fields = ("name", "contest__code")
    ordering = ("contest", "party", "number")
    autocomplete_fields = ("contest", "party")
    show_full_result_count = False
    once = ("contest",)

    def election_of(self, row: Option) -> Election:
        return row.contest.election


@admin.register(Region)
class RegionAdmin(LookOnly):
    list_display = ("code", "name", "level")
    list_filter = ("level",)
    search_fields = ("name", "code__startswith")
    ordering = ("code",)


@admin.register(PollingStation)
class PollingStationAdmin(LookOnly):
    list_display = ("code", "region", "number", "registered_voters", "election")
    list_filter = ("election",)
    list_select_related = ("region", "election")
    search_fields = ("code__startswith",)
    ordering = ("code",)
