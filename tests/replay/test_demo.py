"""The whole way on a private instance: what `make demo` does, on ten TPS."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_tps_from_the_photo_to_the_public_number_without_a_difference():
    said = demo("--quick")
    assert (said["tps"], said["photos"]) == (10, 30)
    assert said["entries"] >= 60  # two people read each photo, at least
    assert said["seconds"] > 0
    (part,) = said["parts"]
    assert part["slips"] > 0  # and still no difference
    assert part["pages"] == 130  # a TPS page, three photo pages and nine pictures of each


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_pages_of_a_dpr_form_with_real_candidates_without_a_difference(shared):
    said = demo("--quick", "--only", "dpr")
    assert (said["tps"], said["photos"]) == (1, 20)
    assert said["entries"] >= 40
    (part,) = said["parts"]
    assert part["title"] == "dpr-6501"
    assert part["slips"] > 0
    assert part["pages"] == 81  # the TPS page, and of each photo its page and three pictures


def demo(*arguments):
    """The JSON line of a demonstration that held."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=ROOT,
        env=environment | {"PEMANTAU_DEVELOPMENT": "1"},
        capture_output=True,
        text=True,
        timeout=590,
    )
    said = json.loads(ran.stdout.splitlines()[-1])
    assert said["ok"], ran.stdout + ran.stderr
    assert ran.returncode == 0
    assert (said["differences"], said["failures"]) == (0, [])
    return dict(said)
