"""What others put into their pages: one page that anybody may frame, without cookies; all others nobody may."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from aggregation import page_memory, publication
from tests.aggregation.evidence import fold, read
from tests.conftest import ROOT
from tps import names
from tps.models import Region

EMBED = "/sematan/contoh/ppwp/{}/"
LIGHT = 15_000


@pytest.fixture(autouse=True)
def _forgetful():
    page_memory.forget()


@pytest.fixture
def counted(world):
    read(world)
    fold()
    return world


def test_anybody_may_frame_it_and_nothing_else(counted, client):
    answer = client.get(EMBED.format("91"))
    assert "X-Frame-Options" not in answer
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == "*"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    guide = f"{EMBED.format('91')}cara/"
    for address in ("/", "/hasil/contoh/ppwp/91/", "/sematan/", guide, "/kirim/", "/akun/login/"):
        other = client.get(address)
        assert other["X-Frame-Options"] == "DENY", address
        assert "frame-ancestors 'none'" in other["Content-Security-Policy"], address


def test_it_is_light_sets_no_cookie_and_leads_nowhere_but_home(counted, client, settings):
    answer = client.get(EMBED.format("nasional"))
    html = answer.content.decode()
    assert len(answer.content) < LIGHT
    assert not answer.cookies
    assert re.findall(r'<a [^>]*href="([^"]+)"', html) == [f"{settings.SITE_ORIGIN}/hasil/contoh/ppwp/nasional/"]
    assert 'target="_top"' in html
    assert not re.search(r"<(nav|form|header|footer)\b", html)
    assert " style=" not in html


def test_it_says_the_coverage_with_the_shares(counted, client):
    text = " ".join(re.sub(r"<[^>]+>", " ", client.get(EMBED.format("91")).content.decode()).split())
    assert text.index("20,0 % TPS terhitung") < text.index("48,3 %")
    assert "1 dari 5 TPS" in text
    assert re.search(r"Diperbarui .*\d\d\.\d\d WIT", text)
    assert "Hasil resmi ditetapkan oleh KPU" in text


def test_nothing_counted_yet(world, client):
    fold()
    text = client.get(EMBED.format("91")).content.decode()
    assert "Belum ada TPS yang terhitung di sini" in text
    assert "<ol" not in text


def test_it_asks_the_database_nothing_twice(counted, client, django_assert_max_num_queries, django_assert_num_queries):
    with django_assert_max_num_queries(3):
        client.get(EMBED.format("9101"))
    page_memory.forget()
    with django_assert_num_queries(0):
        client.get(EMBED.format("9101"))


@pytest.mark.parametrize("address", ["99", "9" * 11, "x", "nasional%00", "٩١", "tps/9101011001001"])
def test_unknown_places_have_no_frame(counted, client, address):
    assert client.get(EMBED.format(address)).status_code == 404
    assert client.get(EMBED.format(address) + "cara/").status_code == 404


# --- How one does it ------------------------------------------------------------------------


class Codes(HTMLParser):
    """What stands in the fields one copies from, as it is copied."""

    def __init__(self, html):
        super().__init__()
        self.found, self._within = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._within = tag == "textarea"
        if self._within:
            self.found.append("")

    def handle_endtag(self, tag):
        self._within = False

    def handle_data(self, data):
        if self._within:
            self.found[-1] += data


class Elements(HTMLParser):
    """The elements of what somebody pastes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_code_to_copy_is_that_of_the_region(counted, client, settings, django_assert_num_queries):
    Region.objects.filter(code="91").update(name='Contoh "Raya" & <b>')
    names.renew()
    publication.forget()
    fold()
    client.get(EMBED.format("91"))
    with django_assert_num_queries(0):
        html = client.get(EMBED.format("91") + "cara/").content.decode()
    frame, script = (Elements(code).found for code in Codes(html).found)
    assert [tag for tag, _ in frame] == ["iframe"]
    assert frame[0][1]["src"] == f"{settings.SITE_ORIGIN}/sematan/contoh/ppwp/91/"
    assert frame[0][1]["title"] == 'Pemantau: Contoh "Raya" & <b>'
    assert [tag for tag, _ in script] == ["script"]
    assert script[0][1]["src"] == f"{settings.SITE_ORIGIN}/static/aggregation/sematan.js"
    assert script[0][1]["data-wilayah"] == "contoh/ppwp/91"
    assert script[0][1]["data-judul"] == 'Pemantau: Contoh "Raya" & <b>'
    assert "Kartu bergambar" in unescape(html)


def test_without_a_region_it_is_the_nation_in_the_current_election(counted, client, settings):
    html = client.get("/sematan/").content.decode()
    assert "/sematan/contoh/ppwp/nasional/" in html
    canonical = settings.SITE_ORIGIN + reverse("aggregation:embedding", args=["contoh", "ppwp", ""])
    assert f'rel="canonical" href="{canonical}"' in html


def test_before_there_is_an_election(db, client):
    assert "Belum ada pemilu" in client.get("/sematan/").content.decode()


def test_the_script_has_ten_lines():
    lines = (ROOT / "static/aggregation/sematan.js").read_text().splitlines()
    assert len(lines) == 10
    assert all(len(line) <= 120 for line in lines)
