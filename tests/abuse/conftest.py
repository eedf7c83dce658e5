"""A stage with one browser for each role."""

import pytest
from django.test import Client

from accounts.models import Role
from tests.abuse.stage import Stage
from tests.transcription.reading import browser_of
from tests.uploads.conftest import folder_storages
from tests.world import build


@pytest.fixture
def stage(db, settings, tmp_path) -> Stage:
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    world = build()
    browsers = {
        "anonymous": Client(),
        "citizen": browser_of(world, "Cici", Role.CITIZEN),
        "volunteer": browser_of(world, "Vina", Role.VOLUNTEER),
        "adjudicator": browser_of(world, "Hakim", Role.ADJUDICATOR),
        "operator": browser_of(world, "Omar", Role.OPERATOR),
    }
    cookies = tuple(morsel.value for client in browsers.values() for morsel in client.cookies.values())
    return Stage(world, browsers, cookies)
