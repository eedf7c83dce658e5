"""Pages that look the same to everybody are drawn once for each published document."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from accounts import announcements
from aggregation import publication

MOST = 500
LONGEST_ADDRESS = 200

_drawn: dict[tuple[object, ...], HttpResponse] = {}


def drawn(request: HttpRequest, etag: str, draw: Callable[[], HttpResponse]) -> HttpResponse:
    """The page of the document with this ETag, drawn now or remembered.

    A page depends on its document, its address, the language, the day (times of another day show their date), what is
    announced and since when nothing is published, and on nothing else for a reader without cookies but that of the
    language.
    """
    address = request.get_full_path()
    if set(request.COOKIES) - {settings.LANGUAGE_COOKIE_NAME} or len(address) > LONGEST_ADDRESS:
        return draw()
    said = announcements.mark(), publication.stale_since()
    key = (etag, address, get_language(), timezone.localdate(), said)
    if (page := _drawn.get(key)) is None:
        page = draw()
        if page.status_code == 200:
            if len(_drawn) >= MOST:
                _drawn.clear()
            _drawn[key] = page
    # A response is changed on its way out; each reader gets one of their own.
    copy = HttpResponse(page.content, content_type=page["Content-Type"], status=page.status_code)
    for name, value in page.items():
        copy.setdefault(name, value)
    return copy


def forget() -> None:
    _drawn.clear()
