"""What an entry may contain, and what never gets into the log."""

import math

import pytest

from ledger import kinds
from tests.ledger.samples import KINDS, WHO, A, sample


def test_there_is_a_sample_of_every_kind():
    assert sorted(kinds.KINDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_entry_is_accepted(kind):
    kinds.check(kind, sample(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_no_required_field_may_be_missing(kind):
    for name in kinds.KINDS[kind].required:
        fields = sample(kind)
        del fields[name]
        with pytest.raises(kinds.WrongFields, match=f"lacks {name}"):
            kinds.check(kind, fields)


PERSONAL = "email name file_name filename ip address lat lon gps phone nik user user_agent device secret receipt note"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PERSONAL.split())
def test_no_kind_knows_a_personal_field(kind, name):
    with pytest.raises(kinds.WrongFields, match=f"does not know {name}"):
        kinds.check(kind, sample(kind, **{name: "x"}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, 1.0, math.nan, 2**53, -1, b"x", "", " ", "a\nb", {"a": None}, [1.5], object()])
def test_no_field_takes_a_value_that_is_not_its_own(kind, value):
    for name in kinds.KINDS[kind].required | kinds.KINDS[kind].optional:
        if name == "sum" and value in (-1, "", " ", "a\nb"):
            continue  # sums are any plain JSON
        with pytest.raises(kinds.WrongFields):
            kinds.check(kind, sample(kind, **{name: value}))


def test_no_field_is_truth_where_a_number_is_meant():
    with pytest.raises(kinds.WrongFields, match="size"):
        kinds.check("photo", sample("photo", size=True))


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("photo", "at", "2029-02-14T08:11:09+07:00"),
        ("photo", "at", "2029-02-14T08:11:09.123Z"),
        ("photo", "who", "sari@contoh.test"),
        ("photo", "who", "17"),
        ("photo", "id", A.upper().replace("0000", "000A")),
        ("photo", "seal", "0" * 64),
        ("photo", "tps_claim", "9101011001-001"),
        ("photo", "page", 0),
        ("decision", "val", {"paslon_1": 1000}),
        ("decision", "val", {"paslon_1": "120"}),
        ("decision", "val", {"paslon_1": "１２"}),
        ("decision", "val", {"Paslon 1": 1}),
        ("decision", "because", ["sari"]),
        ("decision", "opens", [{"id": A, "salt": "00" * 31, "said": {"problem": "blurred"}}]),
        ("decision", "opens", [{"id": A, "salt": "00" * 32, "said": {"problem": "blurred", "who": WHO}}]),
        ("role", "by", "sari"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(kind, name, value):
    with pytest.raises(kinds.WrongFields, match=f"{kind}.{name}"):
        kinds.check(kind, sample(kind, **{name: value}))


@pytest.mark.parametrize("value", ["sari@contoh.test", "dari 10.0.0.7", "2001:db8:0:1::7", "http://192.168.1.20/x"])
def test_a_text_that_looks_like_an_address_is_refused_wherever_it_stands(value):
    verdict = {"rule": "R3", "source": [{"said": value}]}
    with pytest.raises(kinds.WrongFields, match="looks like"):
        kinds.check("select", sample("select", verdicts=[verdict]))


def test_the_refusal_does_not_repeat_the_value():
    with pytest.raises(kinds.WrongFields) as refusal:
        kinds.check("photo", sample("photo", who="sari@contoh.test"))
    assert "sari" not in str(refusal.value)


@pytest.mark.parametrize("name", ["val", "page", "problem"])
def test_a_reading_does_not_show_what_was_read(name):
    with pytest.raises(kinds.WrongFields, match="sealed"):
        kinds.check("reading", sample("reading", **{name: 7}))


def test_an_unknown_kind_is_refused():
    with pytest.raises(kinds.UnknownKind):
        kinds.check("rumour", {})


def test_the_subject_names_the_change():
    assert kinds.subject("photo", sample("photo")) == A
    assert kinds.subject("copies", sample("copies")) == A
    assert kinds.subject("select", sample("select", version=3)) == "9101011001001/ppwp/3"
    assert kinds.subject("role", sample("role")) is None
