"""A browser is there, and can be driven."""

import pytest

pytestmark = pytest.mark.browser


def test_the_browser_opens_a_page(browser, live_server):
    page = browser.new_page()
    response = page.goto(f"{live_server.url}/sehat/")
    assert response.status == 200
    assert "database" in page.content()
    page.close()
