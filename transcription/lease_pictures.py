"""The picture somebody reads, at an address of the lease's own.

A photo's public address would say which photo it is, and whoever looks its page up would see whether it is decided:
then its answer is known already (`transcription.gold`).
"""

from typing import cast
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import Action, page
from transcription.models import Lease
from uploads import storage
from uploads.pictures import SAFE

# The same bytes as long as somebody may look at them; nobody between them and us keeps a copy.
HEADERS = SAFE | {"Cache-Control": "private, max-age=3600, immutable", "Cross-Origin-Resource-Policy": "same-origin"}


def addresses(lease: Lease) -> dict[int, str]:
    """By longer side."""
    return {side: reverse("transcription:picture", args=[lease.pk, side]) for side in storage.SIDES}


@require_safe
@page(Action.TRANSCRIBE)
def picture(request: HttpRequest, lease: UUID, side: int) -> HttpResponseBase:
    """The bytes, for whoever holds the lease, until they have sent it or given it back; 404 otherwise.

    A lease that ran out may still be sent (`entries.submit`), so its picture stays.
    """
    sha256 = (
        Lease.objects.filter(pk=lease, account=cast(User, request.user), end__in=("", Lease.End.EXPIRED))
        .filter(task__photo__withdrawn_at=None)
        .values_list("task__photo__sha256", flat=True)
        .first()
    )
    found = storage.open_public(sha256, side) if sha256 and side in storage.SIDES else None
    if found is None:
        return HttpResponse(status=404, headers=SAFE | {"Cache-Control": "no-store"})
    return FileResponse(found, content_type="image/webp", headers=HEADERS)
