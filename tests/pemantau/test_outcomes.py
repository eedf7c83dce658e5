"""What an operator sees after a form: what was done, or that it was so already."""

import pytest

from accounts.models import Announcement, Role
from tests.transcription.reading import browser_of
from tests.uploads.test_pages import text
from transcription import surges
from transcription.models import SurgeTurn

pytestmark = pytest.mark.django_db

SO_ALREADY = "Sudah begitu sebelumnya. Tidak ada yang berubah."
ANNOUNCEMENT = {"text": "Selamat pagi.", "text_en": "Good morning.", "severity": "info", "audience": "everybody"}


@pytest.mark.parametrize(
    ("address", "said", "done"),
    [
        ("/kelola/dahulukan/", {"region": "9101", "reason": "behind"}, "sekarang dibaca lebih dulu"),
        ("/kelola/dahulukan/", {"sample": "ppwp", "digits": "4", "many": "6", "unit": "tps"}, "Sampel diumumkan."),
        ("/kelola/siaga/", {"on": "yes"}, "Mode siaga menyala."),
        ("/kelola/undangan/", {"on": "no"}, "Undangan dihentikan."),
        ("/kelola/pengumuman/", ANNOUNCEMENT, "tampil di semua halaman"),
        ("/kelola/jeda/", {"email": "sari@contoh.test", "reason": "careless"}, "Yang sudah dibaca tetap dihitung."),
    ],
)
def test_the_second_of_two_operators_is_told_that_it_was_so_already(world, address, said, done):
    world.person("Sari")
    first, second = (browser_of(world, name, Role.OPERATOR) for name in ("Omar", "Olga"))
    told = text(first.post(address, said, follow=True))
    assert done in told
    assert SO_ALREADY not in told
    assert SO_ALREADY in text(second.post(address, said, follow=True))


def test_and_so_is_who_ends_what_has_ended(world):
    first, second = (browser_of(world, name, Role.OPERATOR) for name in ("Omar", "Olga"))
    first.post("/kelola/dahulukan/", {"region": "9101", "reason": "behind"})
    first.post("/kelola/pengumuman/", ANNOUNCEMENT)
    surge, shown = surges.active().get(), Announcement.objects.get()
    for address, number in (("/kelola/dahulukan/", surge.pk), ("/kelola/pengumuman/", shown.pk)):
        first.post(address, {"end": number}, follow=True)
        assert SO_ALREADY in text(second.post(address, {"end": number}, follow=True))
    assert SurgeTurn.objects.count() == 2
