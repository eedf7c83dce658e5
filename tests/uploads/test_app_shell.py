"""What a phone keeps of the sending page, and how it hears of a new release."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from uploads import app_shell

pytestmark = pytest.mark.django_db

TPS = "9101011001001"
BUDGET = 60_000


def test_the_service_worker_stands_at_the_root_and_is_asked_for_each_time(client, world):
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Service-Worker-Allowed"] == "/"
    assert "no-cache" in answer["Cache-Control"]
    told = json.loads(re.search(r"serve\((.*)\);", answer.content.decode())[1])
    assert set(told["pages"]) == {"id", "en"}
    for path in [*told["files"], *told["pages"].values(), "/static/uploads/service_worker.js"]:
        assert client.get(path).status_code == 200, path


def test_each_module_that_a_module_needs_is_kept(client, world):
    """Else the app would start with a network only."""
    for name in (*app_shell.MODULES, app_shell.WORKER):
        source = Path(finders.find(name)).read_text()
        for needed in re.findall(r'from "\./(\w+\.js)"', source):
            assert f"uploads/{needed}" in app_shell.FILES, f"{name} needs {needed}"
            assert name == app_shell.WORKER or f"uploads/{needed}" in app_shell.MODULES, (
                f"{name} needs {needed} at once"
            )
        for needed in re.findall(r'import\("\./(\w+\.js)"\)', source):
            assert f"uploads/{needed}" in app_shell.FILES, f"{name} needs {needed} later"


def test_a_changed_byte_is_another_release(client, world, monkeypatch):
    before = app_shell.of_this_release().version
    assert app_shell.of_this_release().version == before
    monkeypatch.setattr(
        app_shell, "_bytes", lambda name: b"" if name == app_shell.WORKER else Path(finders.find(name)).read_bytes()
    )
    assert app_shell.of_this_release().version != before


@pytest.mark.parametrize(("language", "sentence"), [("id", "Di TPS mana"), ("en", "At which polling station")])
def test_the_page_without_a_tps_is_in_the_language_asked_for_and_nobodys(client, world, language, sentence):
    client.force_login(world.person("Sari"))
    page = client.get(f"/kirim/aplikasi/?bahasa={language}").content.decode()
    assert sentence in page
    assert f'<html lang="{language}">' in page
    assert "csrfmiddlewaretoken" not in page
    assert "akun/logout" not in page


def test_the_manifest_names_icons_that_are_there(client, world):
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["start_url"], manifest["display"], manifest["lang"]) == ("/kirim/", "standalone", "id")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).status_code == 200


def test_all_that_is_needed_to_take_a_photo_weighs_at_most_60_kb(client, world):
    """As it goes over the line, compressed; with what the browser fetches later to keep the app."""
    answer = client.get(f"/kirim/{TPS}/", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    page = len(answer.content)
    others = [Path(finders.find(name)).read_bytes() for name in (*app_shell.FILES, "uploads/send.js", app_shell.WORKER)]
    others += [client.get("/sw.js").content, client.get("/manifest.webmanifest").content]
    assert page + sum(len(gzip.compress(one)) for one in others) <= BUDGET
