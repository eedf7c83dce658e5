"""What a page says after a form was sent."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _


def tell(request: HttpRequest, changed: bool, sentence: str) -> None:
    """Say what was done, or that it was so already: who sees nothing happen tries again, or thinks it was done."""
    if changed:
        messages.success(request, sentence)
    else:
        messages.info(request, _("Sudah begitu sebelumnya. Tidak ada yang berubah."))
