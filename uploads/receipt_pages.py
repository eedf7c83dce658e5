"""Following a receipt, keeping it, checking what it says, taking the photo back: for people, without JavaScript."""

import io

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices
from accounts.permissions import Action, page
from accounts.refusals import Refusal
from pemantau import pipeline, whereabouts
from uploads import claims, receipts, statements, storage
from uploads.receipts import State


@require_safe
@page(Action.SEE_RECEIPT)
def find_receipt(request: HttpRequest) -> HttpResponse:
    """Type a receipt's code."""
    typed = request.GET.get("kode", "").strip()
    refusal: Refusal | None = None
    if typed:
        try:
            return redirect("uploads:receipt", receipts.grouped(receipts.parse(typed)))
        except receipts.UnknownReceipt as unknown:
            refusal = unknown
    context = {"typed": typed, "refusal": refusal}
    return render(request, "uploads/find_receipt.html", context, status=refusal.status if refusal else 200)


@require_safe
@never_cache
@page(Action.SEE_RECEIPT)
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """What has become of a photo: its state, never anybody's numbers."""
    photo = receipts.photo_of(code)
    grouped = receipts.grouped(photo.receipt)
    copies = {copy.side: copy for copy in photo.copies.all()}
    state = whereabouts.state_of(photo)
    problem = whereabouts.problem_of(photo) if state == State.REJECTED else ""
    context = {
        "photo": photo,
        "code": grouped,
        "state": state,
        "sentence": receipts.sentence(state, problem),
        "steps": receipts.steps_at(state),
        "settled": " ".join(receipts.SETTLED),
        "undecided": " ".join(receipts.UNDECIDED),
        "is_undecided": state in receipts.UNDECIDED,
        "page": next((one for one in claims.pages_of(photo.contest) if one.number == photo.page), None),
        "address": request.build_absolute_uri(reverse("uploads:receipt", args=[grouped])),
        "copy": None if state == State.WITHDRAWN else copies.get(storage.SIDES[0]),
        "thumbnail": storage.public_url(photo.sha256, storage.SIDES[0]),
        "larger": storage.public_url(photo.sha256, storage.SIDES[-1]),
        "may_type": photo.device_id == devices.shown_by(request) and state in receipts.UNDECIDED,
    }
    return render(request, "uploads/receipt.html", context)


@require_safe
@cache_control(private=True, max_age=3600)
@page(Action.SEE_RECEIPT)
def qr(request: HttpRequest, receipt: str) -> HttpResponse:
    """The address of the receipt's page as a QR code, black on white whatever the page's colours are."""
    grouped = receipts.grouped(receipts.photo_of(receipt).receipt)
    address = request.build_absolute_uri(reverse("uploads:receipt", args=[grouped]))
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn,
        kind="svg",
        scale=4,
        border=4,
        light="#ffffff",
        dark="#000000",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


@require_safe
@never_cache
@page(Action.SEE_RECEIPT)
def statement(request: HttpRequest, receipt: str) -> HttpResponse:
    """The signed statement as a file. Its name does not hold the code: a statement may be shown to anybody."""
    photo = receipts.photo_of(receipt)
    name = f"pernyataan-{photo.station.code}-{str(photo.pk)[:8]}.txt"
    return HttpResponse(
        statements.of(photo),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@csrf_exempt  # it changes nothing
@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.SEE_PUBLIC)
def check(request: HttpRequest) -> HttpResponse:
    """Paste a statement: whether it is ours, and what it says. Nothing is looked up."""
    pasted = request.POST.get("pernyataan", "")
    said, refusal = None, None
    if request.method == "POST":
        try:
            said = statements.read(pasted)
        except statements.NotOurStatement as wrong:
            refusal = wrong
    context = {"pasted": pasted[: statements.LONGEST], "said": said, "refusal": refusal, "host": statements.host()}
    return render(request, "uploads/check_statement.html", context, status=refusal.status if refusal else 200)


@require_safe
@cache_control(public=True, max_age=300)
@page(Action.SEE_PUBLIC)
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys that sign, or signed, receipts: the present one first."""
    lines = "".join(f"{key}\n" for key in statements.public_keys())
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


# No token is asked for: the code in the address is the right to do it, and no other site knows it. So nobody who only
# looks at a receipt is given a cookie.
@csrf_exempt
@require_POST
@never_cache
@page(Action.WITHDRAW_PHOTO)
def withdraw(request: HttpRequest, receipt: str) -> HttpResponse:
    """Take the photo back, after the page asked whether that is meant."""
    photo = pipeline.withdraw(receipts.photo_of(receipt))
    messages.success(request, _("Foto sudah ditarik."))
    return redirect("uploads:receipt", receipts.grouped(photo.receipt))
