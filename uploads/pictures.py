"""Public derivatives of photos, where no host of their own serves them. No cookie, no query, no session."""

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.permissions import Action
from uploads import storage

# Whatever stands in such a file: it is a picture, runs nothing, and is nobody's document. `deploy/nginx.conf` says the
# same on the pictures' own host.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
# The name contains the hash of what it was made of; it never means another picture.
HEADERS = SAFE | {"Cache-Control": "public, max-age=31536000, immutable"}


@require_safe
def picture(request: HttpRequest, sha256: str, side: str) -> HttpResponseBase:
    """The bytes of one public size; 404 where there are none."""
    found = storage.open_public(sha256, int(side))
    if found is None:
        return HttpResponse(status=404, headers=SAFE | {"Cache-Control": "no-store"})
    return FileResponse(found, content_type="image/webp", headers=HEADERS)


# Open to everybody; `accounts.permissions.page` would ask who it is, and that costs queries.
picture.action = Action.SEE_PUBLIC  # type: ignore[attr-defined]
