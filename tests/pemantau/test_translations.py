"""Every text has its English, what is compiled is what is written, and an English page speaks English."""

import ast
import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.utils.translation import override
from django.utils.translation.template import templatize
from rest_framework import serializers

from accounts.models import Role
from tests.aggregation.evidence import fold
from tests.transcription.reading import photo_of, reads

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "pemantau" / "locale"
APPS = ("ledger", "accounts", "tps", "uploads", "transcription", "aggregation", "pemantau")
TRANSLATION = "django.utils.translation"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
# How `templatize` writes what a template translates.
CALL = re.compile(r"""\b(?:_|gettext|ngettext)\((u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""")
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def written(language: str) -> dict[tuple[str, int], str]:
    """A catalogue as its file says it: (text, which plural) -> translation."""
    found: dict[tuple[str, int], str] = {}
    for block in (LOCALE / language / "LC_MESSAGES" / "django.po").read_text().split("\n\n"):
        assert "#, fuzzy" not in block, block
        said: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if match := re.match(r'(msg\w+(?:\[\d])?) (".*")$', line):
                key, text = match.groups()
                said[key] = ast.literal_eval(text)
            elif line.startswith('"'):
                said[key] += ast.literal_eval(line)
        if said["msgid"]:
            texts = [said[k] for k in sorted(said) if k.startswith("msgstr")]
            found |= {(said["msgid"], number): text for number, text in enumerate(texts)}
    return found


def texts_of_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_no_text_is_marked_by_a_name_that_makemessages_does_not_know():
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == TRANSLATION]
            renamed = {one.asname for node in imports for one in node.names if one.asname} - CALLS
            calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
            marked = [
                ast.unparse(one) for one in calls if one.func.id in renamed and isinstance(one.args[0], ast.Constant)
            ]
            assert marked == [], path


def texts_of_the_house() -> set[str]:
    found: set[str] = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found |= set(texts_of_python(path.read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        found |= {ast.literal_eval(text) for text in CALL.findall(templatize(path.read_text()))}
    return found


def test_every_text_has_its_english():
    english = {text for text, _ in written("en")}
    missing = {text for text in texts_of_the_house() if text not in english}
    assert missing == set(), "make messages, then write their English"


@pytest.mark.parametrize("language", ["en", "id"])
def test_nothing_is_empty_and_places_for_values_are_kept(language):
    for (text, _), translation in written(language).items():
        assert translation.strip(), text
        assert set(PLACES.findall(text)) == set(PLACES.findall(translation)), text


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_is_compiled_is_what_is_written(language):
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    said = {(k if isinstance(k, tuple) else (k, 0)): v for k, v in compiled.items() if k}
    assert said == written(language), "make messages"


# --- An English page ---------------------------------------------------------------------------


class Words(HTMLParser):
    """The texts of a page, and of what is read out or stands in a field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {
            value for name, value in attrs if name in ("alt", "placeholder", "aria-label", "title") and value
        }

    def handle_data(self, data: str) -> None:
        self.found.add(" ".join(data.split()))


PUBLIC = (
    "/", "/hasil/contoh/ppwp/9101/", "/hasil/contoh/ppwp/9101011001/", "/hasil/contoh/ppwp/tps/9101011001001/",
    "/hasil/contoh/ppwp/tps/9101011001003/", "/hasil/contoh/ppwp/nasional/sengketa/", "/cari/?q=desa", "/pemilu/",
    "/kirim/", "/kirim/?wilayah=9101011001", "/kirim/9101011001001/", "/bukti/", "/akun/login/", "/akun/signup/",
    "/nowhere/", "/api/",
)  # fmt: skip
BY_ROLE = {
    Role.CITIZEN: ("/akun/", "/baca/"),
    Role.VOLUNTEER: ("/baca/",),
    Role.ADJUDICATOR: ("/putusan/",),
    Role.OPERATOR: ("/kelola/", "/kelola/orang/", "/kelola/siaga/"),
}


@pytest.mark.django_db
def test_an_english_page_speaks_english(client, world):
    decided, case = photo_of(world), photo_of(world, "9101011002001")
    for name in ("Budi", "Dewi"):
        reads(world, name, decided, paslon_1=101, paslon_2=88, paslon_3=20)
        reads(world, name, case, problem="wrong_tps")
    fold()
    indonesian = {text for (text, _), english in written("en").items() if text != english}
    spoken: dict[str, set[str]] = {}

    def look(path: str) -> None:
        page = client.get(path, HTTP_ACCEPT_LANGUAGE="en").content.decode()
        assert '<html lang="en">' in page, path
        if words := Words(page).found & indonesian:
            spoken[path] = words

    for path in [*PUBLIC, f"/foto/{decided.pk}/", f"/foto/{case.pk}/"]:
        look(path)
    for role, paths in BY_ROLE.items():
        client.force_login(world.person(f"some-{role}", role))
        for path in [*paths, *([f"/putusan/{case.pk}/"] if role == Role.ADJUDICATOR else [])]:
            look(path)
    assert spoken == {}


@pytest.mark.parametrize(
    "field", ["FileField", "RegexField", "SlugField", "IntegerField", "UUIDField", "CharField", "ListField"]
)
def test_what_drf_says_of_a_wrong_field_is_indonesian(field):
    said = vars(serializers)[field].default_error_messages | serializers.Field.default_error_messages
    unused = {"null", "empty", "min_length", "max_length", "invalid_unicode"}
    for code in said.keys() - unused:
        with override("en"):
            english = str(said[code])
        with override("id"):
            assert str(said[code]) != english, code
