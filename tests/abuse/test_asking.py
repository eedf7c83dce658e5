"""A role given wrong, and what is not there asked for."""

from urllib.parse import urlencode

from accounts.models import Role
from tests.abuse.observing import nothing_changes, nothing_forbidden_is_logged
from tests.abuse.stage import FORM, NOWHERE, Bad, posts


def test_a_role_is_given_wrong(stage, subtests):
    world = stage.world
    citizen, operator = world.person("Cici", Role.CITIZEN), world.person("Omar", Role.OPERATOR)

    def gives(person: int, **said: str):
        return posts(f"/kelola/orang/{person}/peran/", urlencode(said), FORM)

    table = [
        Bad("an unknown role", "operator", gives(citizen.pk, role="rahasia"), 422, "unknown_role"),
        Bad("no role", "operator", gives(citizen.pk), 422, "unknown_role"),
        Bad("to nobody", "operator", gives(10**15, role="volunteer"), 404, "unknown_person"),
        Bad("to nobody the database could hold", "operator", gives(10**30, role="volunteer"), 404, "unknown_person"),
        Bad("to oneself", "operator", gives(operator.pk, role="adjudicator"), 403, "own_role"),
        *(
            Bad(f"by {who}", who, gives(citizen.pk, role="operator"), 403, "not_allowed")
            for who in ("citizen", "volunteer", "adjudicator")
        ),
    ]
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_the_alarm_mode_is_turned_wrong(stage, subtests):
    def turns(said: str):
        return posts("/kelola/siaga/", said, FORM)

    table = [
        *(
            Bad(f"to {said!r}", "operator", turns(said), 400, "bad_request")
            for said in ("", "on=", "on=rahasia", "yes=on")
        ),
        *(
            Bad(f"by {who}", who, turns("on=yes"), 403, "not_allowed")
            for who in ("citizen", "volunteer", "adjudicator")
        ),
    ]
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_something_is_put_first_wrong(stage, subtests):
    def puts(said: str):
        return posts("/kelola/dahulukan/", said, FORM)

    right = "region=91&reason=behind"
    table = [
        Bad("nothing", "operator", puts(""), 422, "not_one_target"),
        Bad("a region and a contest", "operator", puts(f"{right}&contest=ppwp"), 422, "not_one_target"),
        Bad("no region", "operator", puts("region=77&reason=behind"), 404, "unknown_region"),
        Bad("no contest", "operator", puts("contest=dpr&reason=behind"), 404, "no_such_contest"),
        Bad("no reason", "operator", puts("region=91"), 422, "wrong_reason"),
        Bad("an unknown reason", "operator", puts("region=91&reason=why"), 422, "wrong_reason"),
        *(
            Bad(f"the end of {end!r}", "operator", puts(f"end={end}"), 404, "no_such_surge")
            for end in ("", "x", "1", "-1", 10**30)
        ),
        *(Bad(f"by {who}", who, puts(right), 403, "not_allowed") for who in ("citizen", "volunteer", "adjudicator")),
    ]
    for bad in table:
        with subtests.test(bad.name):
            stage.refuses(bad)


def test_what_is_not_there_is_asked_for(stage, subtests):
    for path, code in (
        ("/api/v1/ledger/lain/entries/", "unknown_log"),
        ("/api/v1/ledger/contoh/entries/?from=-1", "invalid"),
        ("/api/v1/ledger/contoh/entries/?limit=1000000", "invalid"),
        (f"/foto/{NOWHERE}/", "no_such_photo"),
        ("/api/v1/lain/", "not_found"),
        ("/hasil/contoh/ppwp/99/", None),
        ("/api/v1/results/contoh/ppwp/99/", None),
        ("/api/v1/results/contoh/dpr/nasional/", None),
        ("/api/v1/results/lain/ppwp/nasional/", None),
    ):
        for language in ("id", "en"):
            with subtests.test(path), nothing_changes(), nothing_forbidden_is_logged():
                answer = stage.browsers["anonymous"].get(path, headers={"Accept-Language": language})
                assert answer.status_code in (400, 404), path
                if code and path.startswith("/api/"):
                    assert answer.json()["error"]["code"] == code
