"""The sending page as an app: the page a phone keeps, its service worker, its manifest. Nothing personal in them."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.permissions import Action, page
from uploads import app_shell


def _checked_each_time(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, no_cache=True)
    return response


@require_safe
@gzip_page
@page(Action.SEND_PHOTO)
def app(request: HttpRequest) -> HttpResponse:
    """`/kirim/aplikasi/?bahasa=en`: chooses a TPS the phone knows and shows what waits, with or without a network."""
    asked = request.GET.get("bahasa", "")
    language = asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    return _checked_each_time(HttpResponse(app_shell.page(language)))


@require_safe
@page(Action.SEND_PHOTO)
def service_worker(request: HttpRequest) -> HttpResponse:
    """`/sw.js`: at the root, since `/t/` and `/kirim/` are both its matter."""
    shell = app_shell.of_this_release()
    told = {
        "version": shell.version,
        "files": shell.files,
        "pages": {language: app_shell.address(language) for language in shell.pages},
    }
    worker = json.dumps(static(app_shell.WORKER))
    script = f"import {{ serve }} from {worker};\nserve({json.dumps(told)});\n"
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    return _checked_each_time(response)


@require_safe
@page(Action.SEND_PHOTO)
def manifest(request: HttpRequest) -> HttpResponse:
    """`/manifest.webmanifest`: how a phone shows the app among its own."""
    icons = [
        {"src": static(f"icons/{name}.png"), "sizes": size, "type": "image/png", "purpose": purpose}
        for name, size, purpose in (
            ("192", "192x192", "any"),
            ("512", "512x512", "any"),
            ("maskable-512", "512x512", "maskable"),
        )
    ]
    told = {
        "id": "/",
        "name": _("Pemantau: kirim foto C.Hasil"),
        "short_name": "Pemantau",
        "description": _("Foto C.Hasil dari TPS Anda, terkirim juga dengan jaringan yang buruk."),
        "lang": get_language(),
        "start_url": reverse("uploads:find"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf9f6",
        "theme_color": "#4c2a7d",
        "icons": icons,
    }
    response = JsonResponse(told, content_type="application/manifest+json")
    return _checked_each_time(response)
