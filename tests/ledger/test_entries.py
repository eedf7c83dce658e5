"""Appending: canonical bytes, inside the transaction of the change, once for each change."""

import json

import pytest
import rfc8785
from django.db import IntegrityError, transaction

from ledger import kinds
from ledger.entries import Entry, append, append_all, canonical, of_changes
from ledger.models import Event
from ledger.sequencer import sequence
from tests.ledger.samples import KINDS, A, B, sample


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_of_an_entry_are_canonical_and_say_kind_and_version(kind):
    body = canonical(kind, sample(kind))
    entry = json.loads(body)
    assert rfc8785.dumps(entry) == body
    assert entry == {"v": 1, "t": kind} | sample(kind)


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_canonical_json_is_that_of_the_reference_vectors(shared, name):
    vectors = shared / "vectors" / "jcs"
    given = json.loads((vectors / "input" / f"{name}.json").read_bytes())
    assert rfc8785.dumps(given) == (vectors / "output" / f"{name}.json").read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53)])
def test_canonical_json_refuses_what_not_every_reader_holds(value):
    with pytest.raises(rfc8785.CanonicalizationError):
        rfc8785.dumps([value])


def test_an_entry_that_does_not_fit_is_refused():
    with pytest.raises(kinds.WrongFields, match="at most 65535"):
        canonical("decision", sample("decision", because=[A] * 2000))


@pytest.mark.django_db
def test_entries_keep_their_order_and_cost_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        events = append_all([Entry("contoh", "photo", sample("photo")), Entry("contoh", "copies", sample("copies"))])
    sequence()
    assert [(e.leaf.index, e.kind) for e in Event.objects.order_by("leaf__index")] == [(0, "photo"), (1, "copies")]
    assert bytes(Event.objects.get(pk=events[0].pk).body) == canonical("photo", sample("photo"))


@pytest.mark.django_db
def test_nothing_is_appended_when_one_of_several_is_wrong():
    with pytest.raises(kinds.WrongFields):
        append_all([Entry("contoh", "photo", sample("photo")), Entry("contoh", "copies", {})])
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_belongs_into_the_transaction_of_its_change():
    with pytest.raises(transaction.TransactionManagementError):
        append("contoh", "photo", **sample("photo"))
    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kinds.KINDS[kind].subject])
def test_one_change_has_one_entry(kind):
    append("contoh", kind, **sample(kind))
    append("other", kind, **sample(kind))
    with pytest.raises(IntegrityError, match="one_entry_per_change"), transaction.atomic():
        append("contoh", kind, **sample(kind))


@pytest.mark.django_db
def test_the_entries_of_a_change_are_found_by_its_name(django_assert_num_queries):
    append("contoh", "photo", **sample("photo"))
    append("contoh", "copies", **sample("copies"))
    sequence()
    append("contoh", "reading", **sample("reading"))
    append("other", "photo", **sample("photo"))
    with django_assert_num_queries(1):
        found = list(of_changes("contoh", [("photo", A), ("reading", B), ("copies", B)]))
        assert [(event.kind, getattr(event, "leaf", None) and event.leaf.index) for event in found] == [
            ("photo", 0),
            ("reading", None),
        ]
    assert not of_changes("contoh", [])
