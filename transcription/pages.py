"""Reading photos and ruling on them: for people, without JavaScript."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices, onboarding
from accounts.models import User
from accounts.permissions import Action, page
from accounts.refusals import mark, message
from pemantau import pipeline
from tps.models import PollingStation
from transcription import (
    cases,
    confirmed,
    entries,
    fair_use,
    first_looks,
    own_work,
    probation,
    queue,
    rulings,
    showing,
    spoken,
)
from transcription import practice as exercises
from transcription.case_form import CaseForm, told
from transcription.entry_form import EntryForm, fingerprint
from transcription.models import Lease, Problem, Ruling
from uploads import page_tags, switches
from uploads.models import Photo

# --- Reading ----------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.TRANSCRIBE)
def start(request: HttpRequest) -> HttpResponse:
    """What to do, and the button that takes the next photo."""
    if request.method != "POST":
        if person(request).paused:
            return render(request, "transcription/start.html", {"paused": True, "contact": settings.CONTACT})
        try:
            onboarding.check_ready(person(request))
        except onboarding.NotReady as first:
            return redirect(first.way)
        context: dict[str, Any] = {"held": queue.held_by(person(request)).first()}
        if onboarding.on_probation(person(request)):
            old_enough = confirmed.count(person(request), older_than=own_work.learn_after())
            context |= {
                "confirmed": old_enough.right,
                "wanted": probation.CONFIRMED,
                "hours": settings.LEARN_AFTER_HOURS,
            }
        return render(request, "transcription/start.html", context)
    return _next(request)


def _next(request: HttpRequest) -> HttpResponse:
    fair_use.admit_asking(person(request))
    lease = queue.take(person(request), devices.of(request), devices.address_block(request))
    if lease is None:
        return render(request, "transcription/start.html", {"none": True})
    return redirect("transcription:read", lease.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.TRANSCRIBE)
def read(request: HttpRequest, lease: UUID) -> HttpResponse:
    """The photo beside the form; the first POST shows the slips, the second one sends."""
    held = queue.lease_of(lease, person(request))
    if request.method != "POST":
        if held.end and held.end != Lease.End.EXPIRED:
            raise queue.LeaseOver
        seen = showing.shown(held)
        # The page its tag says comes first; "not this page" asks for the choice, with an empty `halaman`.
        page = request.GET.get("halaman", str(seen.page or ""))
        return _show(request, held, EntryForm.of(seen.form, page, {}, seen.villages))
    seen, sent = showing.shown(held), request.POST.dict()
    form = EntryForm.of(seen.form, sent.get("halaman", ""), sent, seen.villages)
    problem = request.POST.get("masalah", "")
    reading = entries.Reading(None, None, problem) if problem else form.reading()
    try:
        reading = entries.check_whole(reading, form.form)
        slips = entries.slips(reading, form.form)
        if slips and request.POST.get("sesuai") != fingerprint(reading):
            return _show(request, held, form, **form.asks(slips, reading), status=422)
        fair_use.admit_sending(person(request))
        pipeline.send_entry(
            entries.Sent(
                lease_id=held.pk,
                account=person(request),
                device_id=devices.shown_by(request),
                address_block=devices.address_block(request),
                reading=reading,
                asks_tps=True,
            )
        )
    except entries.WrongReading as wrong:
        form.mark_wrong(wrong.fields)
        return _show(request, held, form, status=422)
    except (fair_use.TooManyEntries, switches.ReadOnly) as refusal:  # what they typed stays
        messages.warning(request, message(refusal, refusal.retry_after))
        response = _show(request, held, form, status=refusal.status, stopping="berhenti" in request.POST)
        response["Retry-After"] = str(refusal.retry_after)
        return mark(response, refusal)
    messages.success(request, _("Tersimpan. Terima kasih."))
    if "berhenti" not in request.POST:
        return _next(request)
    if held.end != Lease.End.SUBMITTED:  # what was sent long ago, once more, is no reading after which somebody stops
        queue.stop(person(request))
    return redirect("transcription:start")


def _show(request: HttpRequest, lease: Lease, form: EntryForm, status: int = 200, **more: Any) -> HttpResponse:
    seen = showing.shown(lease)
    if form.page and form.page.number == seen.page:
        form.place(seen.boxes, seen.header)
    context = {
        "shown": seen,
        "form": form,
        "problems": Problem.choices,
        "undo_seconds": settings.READING_UNDO_SECONDS,
        "address": reverse("transcription:read", args=[lease.pk]),
        "renewal": reverse("transcription-api:renew", args=[lease.pk]),
        **more,
    }
    return render(request, "transcription/read.html", context, status=status)


@require_POST
@page(Action.TRANSCRIBE)
def give_back(request: HttpRequest, lease: UUID) -> HttpResponse:
    try:
        queue.give_back(lease, person(request))
    except queue.TooManyGivenBack as refusal:
        messages.warning(request, refusal.text())
        return redirect("transcription:read", lease)
    messages.info(request, _("Foto dikembalikan. Orang lain akan membacanya."))
    return redirect("transcription:start")


# --- Practising -------------------------------------------------------------------------------


@never_cache
@require_safe
@page(Action.TRANSCRIBE)
def practice(request: HttpRequest) -> HttpResponse:
    """The three practice forms, and how far one has come."""
    if not onboarding.has_accepted(person(request)):
        return redirect(onboarding.TermsFirst.way)
    done = exercises.done_by(person(request))
    context = {
        "forms": [(one, one.number in done) for one in exercises.FORMS.values()],
        "next": exercises.next_for(done),
    }
    return render(request, "transcription/practice.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.TRANSCRIBE)
def practice_form(request: HttpRequest, number: int) -> HttpResponse:
    """One of them beside its picture, as a photo is read; what was read wrong is said field by field."""
    onboarding.check_terms(person(request))
    if number not in exercises.FORMS:
        raise Http404
    practised = exercises.FORMS[number]
    if request.method != "POST":
        chosen = request.GET.get("halaman", str(practised.page))
        return _show_practice(request, practised, _practice_of(chosen, {}))
    form = _practice_of(request.POST.get("halaman", ""), request.POST.dict())
    problem = request.POST.get("masalah", "")
    try:
        reading = entries.check_whole(entries.Reading(None, None, problem) if problem else form.reading(), form.form)
    except entries.WrongReading as wrong:
        form.mark_wrong(wrong.fields)
        return _show_practice(request, practised, form, status=422)
    slips = entries.slips(reading, form.form)
    if slips and request.POST.get("sesuai") != fingerprint(reading):
        return _show_practice(request, practised, form, **form.asks(slips, reading), status=422)
    if mistakes := exercises.attempt(person(request), practised, reading):
        if problem:  # the boxes come back, to be filled
            form = _practice_of(str(practised.page), {})
        form.mark_wrong(mistakes)
        return _show_practice(request, practised, form, status=422)
    messages.success(request, str(practised.lesson))
    following = exercises.next_for(exercises.done_by(person(request)))
    return (
        redirect("transcription:practice_form", following.number) if following else redirect("transcription:practice")
    )


def _practice_of(page: str, sent: dict[str, str]) -> EntryForm:
    return EntryForm.of(exercises.form(), page, sent, exercises.VILLAGES)


def _show_practice(
    request: HttpRequest, practised: exercises.PracticeForm, form: EntryForm, status: int = 200, **more: Any
) -> HttpResponse:
    picture = practised.measured
    if form.page and form.page.number == practised.page:
        form.place(picture.boxes, picture.header(practised.page))
    context = {
        "practised": practised,
        "picture": picture,
        "many": len(exercises.FORMS),
        "form": form,
        "problems": Problem.choices,
        "address": reverse("transcription:practice_form", args=[practised.number]),
        **more,
    }
    return render(request, "transcription/practice_form.html", context, status=status)


# --- Ruling -----------------------------------------------------------------------------------


@never_cache
@require_safe
@page(Action.ADJUDICATE)
def case_list(request: HttpRequest) -> HttpResponse:
    context = {"tasks": cases.waiting_for(person(request)), **cases.named_on_the_list(person(request))}
    return render(request, "transcription/cases.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.ADJUDICATE)
def case(request: HttpRequest, photo: UUID) -> HttpResponse:
    """One's own look first; then the photo, what was read side by side, and the four things one may say."""
    if "lihat" in request.POST:
        return _look_first(request, photo)
    if request.method != "POST":
        try:
            return _show_case(request, photo, CaseForm({"halaman": request.GET.get("halaman", "")}))
        except first_looks.ReadFirst:
            return _ask_first(request, photo)
    form = CaseForm(request.POST.dict())
    try:
        device, block = devices.shown_by(request), devices.address_block(request)
        ruling = pipeline.send_ruling(form.sent(photo, person(request), device, block))
    except (entries.WrongReading, rulings.NobodyReadThat) as wrong:
        form.mark_wrong(wrong)
        return _show_case(request, photo, form, status=422)
    if spoken.waits(ruling):
        messages.info(
            request,
            _(
                "Putusan Anda tersimpan, tetapi belum berlaku. Ia menunggu verifikator kedua, dengan perangkat dan "
                "jaringan lain, yang mengatakan hal yang sama."
            ),
        )
    else:
        messages.success(request, _("Putusan Anda tersimpan."))
    if "berikutnya" in request.POST:
        for task in cases.waiting_for(person(request), limit=2):
            if task.pk != photo:
                return redirect("transcription:case", task.pk)
    return redirect("transcription:cases")


def _look_first(request: HttpRequest, photo: UUID) -> HttpResponse:
    asked = cases.ask_first(photo, person(request))
    form, problem = _form_of(asked, request.POST.dict()), request.POST.get("masalah", "")
    try:
        reading = entries.Reading(None, None, problem) if problem else form.reading()
        first_looks.keep(asked, person(request), reading)
    except entries.WrongReading as wrong:
        form.mark_wrong(wrong.fields)
        return _ask_first(request, photo, form, status=422)
    return redirect("transcription:case", photo)


def _ask_first(request: HttpRequest, photo: UUID, form: EntryForm | None = None, status: int = 200) -> HttpResponse:
    asked = cases.ask_first(photo, person(request))
    form = form or _form_of(asked, {})
    context = {
        "asked": asked,
        "photo": asked.photo,
        "pictures": showing.pictures_of(asked.photo),
        "form": form,
        "problems": Problem.choices,
        "chosen": request.POST.get("masalah", ""),
        "no_rules": {"rules": [], "sentences": {}},  # of a few boxes of a page, sums say nothing
    }
    return render(request, "transcription/first_look.html", context, status=status)


def _form_of(asked: first_looks.Asked, sent: dict[str, str]) -> EntryForm:
    """The boxes that are asked for, and no other."""
    number = str(asked.page.number) if asked.page and asked.fields else ""
    form = EntryForm.of(asked.form, number, sent, asked.villages or None)
    form.cells = {field.key: form.cells[field.key] for field in asked.fields}
    if asked.page and (boxes := first_looks.boxes_of(asked)):
        form.place(
            {key: box for key, box in boxes.items() if key in form.cells}, page_tags.header_on(asked.page, boxes)
        )
    return form


def _show_case(request: HttpRequest, photo: UUID, form: CaseForm, status: int = 200) -> HttpResponse:
    seen = cases.look_into(photo, person(request))
    beside = cases.beside(seen)
    standing, earlier = told(beside.history, seen.form)
    context = {
        "case": seen,
        "beside": beside,
        "standing": standing,
        "earlier": earlier,
        "said": spoken.so_far(seen, beside.history, person(request)),
        "own_stands": spoken.is_behind(beside.history, seen.rulings, person(request)),
        "place": showing.place_of(seen.photo.station),
        "moved_to": _moved_to(seen.photo, beside.station),
        "pictures": showing.pictures_of(seen.photo),
        "form": form,
        "table": form.table(seen),
        "reasons": {verdict: rulings.REASONS[verdict].items() for verdict in Ruling.Verdict.values},
    }
    return render(request, "transcription/case.html", context, status=status)


def _moved_to(photo: Photo, station: PollingStation | None) -> str:
    """Where a photo was moved, with the village where that is another one; nothing where it stands as it was sent."""
    if station is None or station.pk == photo.station_id:
        return ""
    return str(station) if station.region_id == photo.station.region_id else f"{station}, {station.region}"


def person(request: HttpRequest) -> User:
    """Who is signed in; `page` has made sure that somebody is."""
    return cast(User, request.user)
