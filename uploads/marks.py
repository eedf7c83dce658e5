"""Marks: why people should look at a photo twice. They order the queue and stand on adjudicators' pages.

A mark refuses nothing, accuses nobody, and is never shown to whoever sent the photo.
"""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mark(models.TextChoices):
    """Every mark there is, and what it means to an adjudicator."""

    REUSED = "reused", _("File yang sama juga dikirim untuk TPS lain.")
    NEAR_DUPLICATE = "near_duplicate", _("Foto ini sangat mirip dengan foto yang dikirim untuk TPS lain.")
    WRONG_PAGE = "wrong_page", _("Pengirim menyebut halaman lain daripada yang tercetak di lembar ini.")
    OTHER_BALLOT = "other_ballot", _("Tanda di lembar ini milik formulir pemilihan lain.")
    TURNED = "turned", _("Lembar terlihat terbalik atau miring.")
    OTHER_YEAR = "other_year", _("Menurut kameranya, foto ini diambil di tahun lain. Jam ponsel bisa juga salah.")
    BLURRED = "blurred", _("Foto tampak buram.")


def sentences(marks: Iterable[str]) -> list[dict[str, str]]:
    """Code and meaning of each, in the order of the list above."""
    given = set(marks)
    return [{"code": mark.value, "sentence": str(mark.label)} for mark in Mark if mark.value in given]
