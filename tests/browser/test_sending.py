import pytest
pytestmark = [pytest.mark.browser, pytest.mark.slow]
TPS = "9101011001001"

@pytest.fixture(autouse=True)
def tickets(settings):
    settings.ROOT_URLCONF = "tests.browser.ticket_stand_in"

def test_try(site, somebody, shared):
    sari = somebody()
    sari.goes_to(f"/kirim/{TPS}/")
    sari.page.locator("[data-do=take]").first.wait_for()
    sari.picture("a-station")
    photo = next((shared / "forms").glob("*c936a92c.jpg"))
    with sari.page.expect_file_chooser() as chooser:
        sari.page.get_by_role("button", name="Pilih dari galeri").click()
    chooser.value.set_files(str(photo))
    sari.page.wait_for_timeout(1500)
    sari.page.screenshot(path="/tmp/h/shots/b-review.png")
    sari.page.get_by_role("button", name="Pakai foto ini").click()
    sari.page.wait_for_timeout(500)
    sari.picture("c-kept")
    sari.sees("Bukti ")
    sari.picture("d-sent")
