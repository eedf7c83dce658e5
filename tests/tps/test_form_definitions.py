"""The form files say what the paper says, and a wrong file says what is wrong with it."""

import pytest

from tps import form_definitions, rules
from tps.form_definitions import Choice
from tps.form_files import parse
from tps.form_syntax import WrongForm
from tps.models import Contest

ROWS_OF_THREE = ["dpt", "pengguna_dpt", "pengguna_dptb", "pengguna_dpk", "pengguna"]
PPWP_KEYS = [
    *(f"{row}_{column}" for row in ROWS_OF_THREE for column in "lpj"),
    *("surat_diterima", "surat_digunakan", "surat_dikembalikan", "surat_tidak_digunakan"),
    *("disabilitas_l", "disabilitas_p", "disabilitas_j"),
    *("paslon_1", "paslon_2", "paslon_3"),
    *("suara_sah", "suara_tidak_sah", "suara_total"),
]


def test_ppwp_has_the_28_numbers_of_the_paper_in_its_order():
    form = form_definitions.load("c-hasil-ppwp")
    assert [field.key for field in form.fields] == PPWP_KEYS
    assert form.confirmed


def test_ppwp_pages_plano_and_salinan_carry_the_same_numbers():
    form = form_definitions.load("c-hasil-ppwp")
    assert [(page.number, page.tag, len(page.fields)) for page in form.variant("plano")] == [
        (1, 101, 22),
        (2, 102, 3),
        (3, 103, 3),
    ]
    assert [(page.number, page.tag, len(page.fields)) for page in form.variant("salinan")] == [
        (11, None, 22),
        (12, None, 6),
    ]
    assert form.page(12).keys == form.page(2).keys | form.page(3).keys


def test_ppwp_bubbles_are_where_the_photographs_show_them():
    bubbles = form_definitions.load("c-hasil-ppwp").field("paslon_3").bubbles
    assert bubbles is not None
    assert (bubbles.columns, bubbles.zero, bubbles.step) == ((0.8253, 0.8718, 0.9182), 0.5587, 0.01295)


def test_ppwp_takes_as_many_paslon_as_the_contest_has():
    form = form_definitions.load("c-hasil-ppwp").with_options([Choice(n) for n in (1, 2, 3, 4, 5)])
    assert form.page(2).keys == {f"paslon_{n}" for n in (1, 2, 3, 4, 5)}
    (r3,) = [rule for rule in form.rules if rule.id == "R3"]
    assert r3.formula == "suara_sah = paslon_1 + paslon_2 + paslon_3 + paslon_4 + paslon_5"
    assert form.field("paslon_5").bubbles is None


def test_rules_within_a_page_look_at_that_page_only():
    form = form_definitions.load("c-hasil-ppwp")
    assert {rule.id for rule in form.rules_within(1)} == {"R1", "R2", "R6", "R7", "R8", "R9", "R10", "R12", "R14"}
    assert {rule.id for rule in form.rules_within(2)} == {"R14"}
    assert {rule.id for rule in form.rules_within(3)} == {"R4", "R14"}
    assert {rule.id for rule in form.rules_within(12)} == {"R3", "R4", "R14"}
    for page in form.pages:
        assert all(rule.fields <= page.keys for rule in form.rules_within(page))


def test_five_forms_one_for_each_kind_of_contest_and_only_ppwp_is_confirmed():
    forms = [form_definitions.load(name) for name in form_definitions.names()]
    assert {form.kind for form in forms} == set(Contest.Kind.values)
    assert [form.name for form in forms if form.confirmed] == ["c-hasil-ppwp"]
    for form in forms:
        assert {field.key for field in form.page(1).fields} == set(PPWP_KEYS[:22])
        assert {rule.id for rule in form.rules} >= {"R1", "R2", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12"}


@pytest.mark.parametrize("name", ["c-hasil-dpr", "c-hasil-dprd-prov", "c-hasil-dprd-kabko"])
def test_forms_by_party_have_the_20_pages_of_the_published_images(name):
    assert len(form_definitions.load(name).variant("plano")) == 20


def test_a_party_with_candidates_has_a_page_and_its_sum():
    sari, budi = Choice(1, "Sari"), Choice(2, "Budi")
    form = form_definitions.load("c-hasil-dpr").with_options([Choice(1, "Mawar", (sari, budi)), Choice(24, "Melati")])
    page = form.page(2)
    assert [field.key for field in page.fields] == [
        "partai_1",
        "partai_1_calon_1",
        "partai_1_calon_2",
        "partai_1_jumlah",
    ]
    assert page.fields[1].label == "A.2 Calon 1 Sari"
    assert page.fields[1].group == "IV Suara sah partai 1 Mawar"
    told = rules.broken(
        rules.check(form, {"partai_1": 10, "partai_1_calon_1": 5, "partai_1_calon_2": 6, "partai_1_jumlah": 22})
    )
    assert [(v.rule, v.difference) for v in told] == [("R15", 1)]
    # Nothing is known of a party whose candidates nobody named.
    assert rules.check(form, {"partai_24": 3, "partai_24_jumlah": 9})[0].rule == "R14"


def test_dpd_spreads_54_candidates_over_five_pages():
    form = form_definitions.load("c-hasil-dpd").with_options([Choice(n) for n in range(1, 55)])
    assert [len(page.fields) for page in form.variant("plano")] == [22, 11, 11, 11, 11, 10, 3]
    assert form.page(2).label == "Halaman suara calon 1 sampai 11"
    (r3,) = [rule for rule in form.rules if rule.id == "R3"]
    assert len(r3.terms) == 55


def test_dpd_without_candidates_adds_nothing_up():
    assert rules.check(form_definitions.load("c-hasil-dpd"), {"suara_sah": 9})[0].rule == "R14"


def test_the_ppwp_file_is_read_once():
    assert form_definitions.load("c-hasil-ppwp") is form_definitions.load("c-hasil-ppwp")


def test_unknown_names_are_told():
    with pytest.raises(form_definitions.UnknownForm):
        form_definitions.load("c-hasil-rt")
    form = form_definitions.load("c-hasil-ppwp")
    with pytest.raises(form_definitions.UnknownField):
        form.field("paslon_4")
    with pytest.raises(form_definitions.UnknownPage):
        form.page(4)


GOOD = """\
name: uji
title: Uji
kind: ppwp
confirmed: false
options: [1, 2]
blocks:
  votes:
    - group: Suara
      rows:
        - {key: "paslon_{option}", label: Paslon, per: option}
        - {key: suara_sah, label: Suara sah}
pages:
  plano:
    first: 1
    pages:
      - {label: Halaman 1, blocks: [votes]}
rules:
  - {id: R3, kind: sum, figure: suara_sah, terms: ["paslon_{option}"], title: Jumlah, severity: soft, source: uji}
"""


def test_the_small_form_is_right():
    assert [field.key for field in parse(GOOD.encode(), "uji").fields] == ["suara_sah", "paslon_1", "paslon_2"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title: Uji", "title: Uji\ntitle: Lagi", "line 3: 'title' stands twice"),
        ("confirmed: false", "confirmed: false\ncolour: red", "does not know 'colour'"),
        ("title: Uji\n", "", "the form lacks 'title'"),
        ("confirmed: false", "confirmed: nein", "confirmed should be bool"),
        ("name: uji", "name: lain", "name is 'lain', the file is called 'uji'"),
        ("kind: ppwp", "kind: rt", "kind is 'rt'; known are ppwp"),
        ("options: [1, 2]", "options: [satu]", "options should be numbers"),
        ("label: Suara sah}", "lable: Suara sah}", "line 11: a row does not know 'lable'"),
        ("label: Suara sah}", "label: Suara sah, columns: [L, X]}", "line 11: columns are L, P and J"),
        ("per: option}", "per: desa}", "line 10: per is 'desa'"),
        ("per: option}", "per: option, boxes: 9}", "line 10: boxes should be 1 to 6"),
        ('"paslon_{option}", label', '"paslon_{nomor}", label', "unknown placeholder {nomor}"),
        ("label: Paslon,", "label: Paslon {,", "no YAML"),
        ("label: Paslon,", 'label: "Paslon {",', "lone brace"),
        ("key: suara_sah", "key: paslon_1", "the field paslon_1 stands twice"),
        ("blocks: [votes]", "blocks: [votes, sums]", "line 16: there is no block 'sums'"),
        ("blocks: [votes]", "blocks: [votes], tag: eins", "tag should be int"),
        ("  plano:", "  poster:", "'poster' is no variant"),
        ("kind: sum", "kind: total", "line 18: kind is 'total'"),
        ("severity: soft", "severity: fatal", "line 18: severity is 'fatal'"),
        ("id: R3", "id: S3", "a rule's id is R and a number"),
        ("figure: suara_sah", "figure: suara", "line 18: R3 names the unknown field suara"),
        ('terms: ["paslon_{option}"]', "terms: [paslon_3]", "line 18: R3 names the unknown field paslon_3"),
        ('terms: ["paslon_{option}"]', "terms: []", "R3: sum needs terms"),
        ("kind: sum", "kind: reserve", "R3: reserve needs a percent"),
        ("kind: sum", "kind: at_most, limit: 3", "at_most needs either one term or a limit"),
        ("kind: sum", "kind: range", "range has terms and no figure"),
        ("title: Jumlah", "title: Jumlah, percent: 2", "percent belongs to reserve, not to sum"),
        ("title: Jumlah", "title: Jumlah, only_where_positive: [dpt]", "R3 names the unknown field dpt"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(old, new, told):
    assert old in GOOD
    with pytest.raises(WrongForm) as refused:
        parse(GOOD.replace(old, new, 1).encode(), "uji")
    assert told in str(refused.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(WrongForm) as refused:
        parse(GOOD.replace("kind: sum", "kind: x").replace("severity: soft", "severity: y").encode(), "uji")
    assert len(refused.value.problems) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"a: &a [*a]", b"\xff\xfe\x00", b"name: !!python/object:os.system x"])
def test_no_form_at_all(content):
    with pytest.raises(WrongForm):
        parse(content, "uji")
