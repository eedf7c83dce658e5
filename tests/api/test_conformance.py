"""Whatever is sent to the API, by whomever: no 5xx, and every answer is one that the schema promises.

Schemathesis makes the requests from the schema, right ones and wrong ones. They go through the whole
application, in this process. Many name what is really there, and some say something sensible about it, so that
more is reached than "not found".
"""

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks

from accounts.models import Role
from aggregation import export_files, folder
from pemantau import pipeline
from tests.aggregation import ballots, official
from tests.transcription import reading as people
from tests.uploads.by_ticket import announced
from tests.uploads.pictures import encoded
from tests.world import World, build
from uploads import storage
from uploads.models import Ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore")]

PROMISES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


PICTURE = encoded(width=320, height=400)
HALF = len(PICTURE) // 2

schemathesis.serializer.alias("application/partial-upload", "application/octet-stream")
API = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
OPERATIONS = {result.ok().label: result.ok() for result in API.get_all_operations()}


@pytest.fixture
def world(transactional_db) -> World:
    return build()


@dataclass(frozen=True)
class Browser:
    cookies: dict[str, str]
    headers: dict[str, str]


def browser_of(world: World, name: str, role: str) -> Browser:
    token = _get_new_csrf_string()
    cookies = {name: morsel.value for name, morsel in people.browser_of(world, name, role).cookies.items()}
    return Browser(cookies | {"csrftoken": token}, {"Accept-Encoding": "identity", "X-CSRFToken": token})


@pytest.fixture
def known(world, tmp_path) -> dict[str, str]:
    """What really is there, by the names of addresses' parameters.

    One photo is decided, published and exported, one with an adjudicator, one in the volunteer's hands; there is an
    official count, and a council with its seats.
    """
    folder.prepare()
    decided, disputed, waiting = (people.photo_in_log(world, f"910101100100{n}") for n in (1, 2, 3))
    for name in ("Sari", "Budi"):
        people.reads(world, name, decided)
    pipeline.record(str(decided.pk))
    for number, name in enumerate(("Sari", "Budi", "Dewi", "Eko")):
        people.reads(world, name, disputed, **(people.VOTES | {"paslon_1": number}))
    lease = people.given(world, "Vina", waiting)
    with transaction.atomic():
        own = people.photo_of(
            world, "9101011002001", device=people.device_of(world, world.person("Hakim", Role.ADJUDICATOR))
        )
    while folder.step():
        pass
    official.published(tmp_path, official.FIRST, {world.station.code: (1, 2, 3)})
    export_files.export(world.contest)
    dapil = ballots.dapil(world)
    ballots.tally(dapil, {1: 300, 2: 200})
    ticket = Ticket.objects.create(
        device=world.device(),
        station=world.station,
        contest=world.contest,
        sha256=hashlib.sha256(PICTURE).hexdigest(),
        size=len(PICTURE),
        expires_at=timezone.now() + timedelta(days=1),
    )
    storage.append(ticket.pk, 0, PICTURE[:HALF])
    people.looks(world, "Hakim", disputed)
    return {
        "lease": str(lease.pk),
        "photo": str(disputed.pk),
        "receipt": decided.receipt,
        "own receipt": own.receipt,
        "ticket": str(ticket.pk),
        "log": world.election.code,
        "election": world.election.code,
        "contest": world.contest.code,
        "region": "9101",
        "nation": "nasional",
        "dapil": dapil.code,
        "kind": "dpr",
        "station": world.station.code,
        "code": world.station.code,
    }


def sensible_bodies(known: dict[str, str]) -> dict[str, dict[str, object]]:
    reading = {"page": 2, "numbers": dict(people.VOTES)}
    return {
        "POST /api/v1/photos/": {"file": PICTURE, "station": known["station"], "contest": "ppwp", "page": 2},
        "POST /api/v1/tickets/": announced(PICTURE),
        "PATCH /api/v1/tickets/{ticket}/": PICTURE[HALF:],
        "POST /api/v1/receipts/{receipt}/numbers/": reading,
        "POST /api/v1/tasks/{lease}/check/": reading,
        "POST /api/v1/tasks/{lease}/entry/": reading | {"tps": known["station"]},
        "POST /api/v1/cases/{photo}/first-look/": {"problem": "blurred"},
        "POST /api/v1/cases/{photo}/ruling/": {"verdict": "reject", "reason": "blurred"},
    }


# What an operation wants of what is there, where it is not the same as for the others.
OF_ITS_OWN = {
    f"POST /api/v1/receipts/{{receipt}}/{name}/": {"receipt": "own receipt"} for name in ("numbers", "withdraw")
} | {
    "GET /api/v1/seats/{election}/{kind}/{region}/": {"region": "nation"},
    "GET /api/v1/seats/{election}/dapil/{contest}/": {"contest": "dapil"},
}


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_a_promised_one(label, world, known):
    if label == "POST /api/v1/tickets/{ticket}/finish/":
        storage.append(uuid.UUID(known["ticket"]), HALF, PICTURE[HALF:])
    answers = [
        status
        for browser in (
            Browser({}, {"Accept-Encoding": "identity"}),
            browser_of(world, "Vina", Role.VOLUNTEER),
            browser_of(world, "Hakim", Role.ADJUDICATOR),
        )
        for status in send_right_and_wrong(OPERATIONS[label], known, browser)
    ]
    assert any(status < 300 for status in answers), Counter(answers)  # else nothing was tried


def send_right_and_wrong(operation: schemathesis.APIOperation, known: dict[str, str], browser: Browser) -> list[int]:
    """Send some 15 requests; returns the statuses of the answers, each of which was promised."""
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    bodies = sensible_bodies(known)
    known = known | {name: known[other] for name, other in OF_ITS_OWN.get(operation.label, {}).items()}
    answers = []

    @given(case=right | wrong)
    @settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def send(case: schemathesis.Case) -> None:
        sense = len(answers) % 3  # by turns: by chance there might be too little sense to reach anything
        for name in case.path_parameters or {}:
            if sense and name in known:
                case.path_parameters[name] = known[name]
        if sense == 2 and operation.label in bodies:
            case.body = bodies[operation.label]
            if "Upload-Offset" in (case.headers or {}):
                case.headers["Upload-Offset"] = str(HALF)
        answers.append(
            case.call_and_validate(headers=browser.headers, cookies=browser.cookies, checks=PROMISES).status_code
        )

    send()
    return answers
