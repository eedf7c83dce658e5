"""Typing numbers from a photo one sent oneself: for people, without JavaScript."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices
from accounts.models import User
from accounts.permissions import Action, page
from pemantau import pipeline
from tps.form_definitions import for_contest
from transcription import entries, senders, showing
from transcription.entry_form import EntryForm, fingerprint
from uploads import receipts
from uploads.models import Photo


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.SEND_PHOTO)
def numbers(request: HttpRequest, receipt: str) -> HttpResponse:
    """The photo beside a form whose boxes may stay empty; the first POST shows the slips, the second one sends."""
    account = request.user if isinstance(request.user, User) else None
    device_id = devices.shown_by(request)
    photo = senders.photo_of(receipt, account, device_id)
    if request.method != "POST":
        return _look(request, photo)
    form = EntryForm.of(for_contest(photo.contest), request.POST.get("halaman", ""), request.POST.dict())
    try:
        reading = senders.check(form.reading(), form.form)
        slips = entries.slips(reading, form.form)
        if slips and request.POST.get("sesuai") != fingerprint(reading):
            return _show(request, photo, form, **form.asks(slips, reading), status=422)
        pipeline.send_senders_numbers(senders.Typed(photo, account, device_id, devices.address_block(request), reading))
    except entries.WrongReading as wrong:
        form.mark_wrong(wrong.fields)
        return _show(request, photo, form, status=422)
    messages.success(request, _("Angka Anda tersimpan. Terima kasih."))
    return redirect("uploads:receipt", receipts.grouped(photo.receipt))


def _look(request: HttpRequest, photo: Photo) -> HttpResponse:
    """The empty form, or what was typed before."""
    before = senders.of(photo)
    if before is None and photo.withdrawn_at is not None:
        raise receipts.Withdrawn
    if before is None and senders.is_decided(photo):
        raise senders.DecidedAlready
    page_number = before.page if before else request.GET.get("halaman", photo.page or "")
    form = EntryForm.of(for_contest(photo.contest), str(page_number), {})
    return _show(request, photo, form, before=_by_field(form, before.numbers or {}) if before else None)


def _by_field(form: EntryForm, typed: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(cell.field.name, typed[key]) for key, cell in form.cells.items() if key in typed]


def _show(request: HttpRequest, photo: Photo, form: EntryForm, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "photo": photo,
        "code": receipts.grouped(photo.receipt),
        "form": form,
        "pictures": showing.pictures_of(photo) if photo.copies.exists() else None,
        **more,
    }
    return render(request, "transcription/sender_numbers.html", context, status=status)
