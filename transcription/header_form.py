"""Which TPS is written on the form, as a reader types it: two short boxes above the numbers of the page.

desa         the village, by its place in a list from 1; the place after the last: none of these
tps          the TPS's own number
tanda-desa, tanda-tps   "tidak_terbaca", from the list beside it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from transcription.entries import OTHER_VILLAGE, UNREADABLE, typed


@dataclass(frozen=True)
class HeaderForm:
    villages: Sequence[tuple[str, str]]  # code and name, as `showing.to_choose_from` says
    village: str = ""
    number: str = ""
    village_mark: str = ""
    number_mark: str = ""
    box: Sequence[int] = ()  # where both are written on the photo (`page_tags.header_on`)

    @classmethod
    def of(cls, villages: Sequence[tuple[str, str]], sent: Mapping[str, str]) -> "HeaderForm":
        village, number = (UNREADABLE if sent.get(f"tanda-{name}") == UNREADABLE else "" for name in ("desa", "tps"))
        return cls(villages, sent.get("desa", "").strip()[:2], sent.get("tps", "").strip()[:3], village, number)

    @property
    def numbered(self) -> list[tuple[int, str]]:
        return [(place, name) for place, (_code, name) in enumerate(self.villages, start=1)]

    @property
    def none_of_these(self) -> int:
        return len(self.villages) + 1

    @property
    def codes(self) -> str:
        """For `static/transcription/ahead.js`, which composes what `written` does."""
        return " ".join(code for code, _name in self.villages)

    @property
    def outside(self) -> str:
        """What is said of a village's number that the list does not have."""
        return _("Nomor desa harus salah satu dari daftar: 1 sampai {last}.").format(last=self.none_of_these)

    @property
    def is_outside(self) -> bool:
        """Whether that is what is wrong: `static/transcription/typing.js` says it at once."""
        place = typed(self.village)
        is_listed = isinstance(place, int) and 1 <= place <= self.none_of_these
        return bool(self.village) and not is_listed and not self.written()

    def written(self) -> str:
        """As `entries.Reading.tps`; empty where something is missing or is no such number."""
        place, number = typed(self.village), typed(self.number)
        if place == self.none_of_these:
            return OTHER_VILLAGE
        if UNREADABLE in (self.village_mark, self.number_mark):
            return UNREADABLE
        if not isinstance(place, int) or not isinstance(number, int) or not number:
            return ""
        if not 1 <= place <= len(self.villages):
            return ""
        return f"{self.villages[place - 1][0]}{number:03d}"
