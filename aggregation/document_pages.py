"""The published files by their own addresses, where no nginx stands in front that serves them itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from aggregation import api, published_files
from aggregation.published_files import Document, Place

FOREVER = "public, max-age=31536000, immutable"
_NO_SUCH_FILE = "no such published file"


@require_safe
@page(Action.SEE_PUBLIC)
def region(request: HttpRequest, election: str, contest: str, region: str, document: str) -> HttpResponse:
    """One document; it never changes."""
    found = published_files.read(Place(election, contest), region, document)
    if found is None:
        raise Http404(_NO_SUCH_FILE)
    response = api.answer(request, found)
    response["Cache-Control"] = FOREVER
    return response


@require_safe
@page(Action.SEE_PUBLIC)
def pointer(request: HttpRequest, election: str = "", contest: str = "") -> HttpResponse:
    """What leads to the documents of the present version; without a contest, which contest the first page shows."""
    folder = Place(election, contest).folder if election else published_files.root()
    try:
        content = (folder / published_files.POINTER).read_bytes()
    except OSError:
        raise Http404(_NO_SUCH_FILE) from None
    return api.answer(request, Document(content))
