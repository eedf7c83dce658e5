"""What reviewers forget: each setting, command and place that people need is written down, and exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pemantau import services
from tests.ops import compose

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()

_READ = re.compile(r"""(?:env(?:\.\w+)?\(|environ(?:\.get)?[(\[])\s*["']([A-Z][A-Z0-9_]+)["']""")
# Django's own, and the mark of our supervisor: not settings.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE"}


def settings_read() -> set[str]:
    folders = ("pemantau", "deploy", "accounts", "tps", "uploads", "transcription", "aggregation", "ledger")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in files for name in _READ.findall(path.read_text())}
    return (read | {"S3_BUCKET_SEALED", "S3_BUCKET_PUBLIC", *services.REAL_SERVERS}) - NOT_SETTINGS


def test_the_search_finds_what_it_should():
    assert {"SECRET_KEY", "PEMANTAU_DEBUG", "SECRET_KEY_FALLBACKS", "BIND", "PG_BIN", "DATABASE_URL"} <= settings_read()


@pytest.mark.parametrize("name", sorted(settings_read()))
def test_each_variable_is_explained(name):
    assert f"`{name}`" in OPERATIONS


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\{(\w+)", compose.FILE.read_text()))))
def test_each_variable_of_the_compose_file_is_explained(name):
    assert f"`{name}`" in OPERATIONS


def test_no_variable_is_explained_that_nobody_reads():
    explained = set(re.findall(r"^\| (`[A-Z].*?) \|", OPERATIONS, re.M))
    names = {name for cell in explained for name in re.findall(r"`([A-Z0-9_]+)`", cell)}
    assert names
    assert names <= settings_read()


@pytest.mark.parametrize("target", re.findall(r"^([a-z]+):.* ## ", MAKEFILE, re.M))
def test_each_make_target_is_in_make_help(target):
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^make {target}\s+\S", shown, re.M)


def test_the_commands_of_the_issue_are_there():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))
    assert {"run", "demo", "test", "check", "bench", "full", "requirements", "help"} <= targets
    declared = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split())
    assert {target for target in targets if (ROOT / target).exists() or target in declared} <= declared


def test_ci_calls_the_test_command_of_the_readme():
    command = re.search(r"^exec (.+)$", (ROOT / ".ci" / "run").read_text(), re.M)[1]
    assert re.search(rf"^{command}\b", README, re.M)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_each_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_service_of_the_compose_file_is_explained():
    processes = {"seaweedfs": "storage", "migrate": "`migrate`"}
    for name in compose.load(compose.example())["services"]:
        assert processes.get(name, name).lower() in OPERATIONS.lower()


def test_nothing_committed_knows_this_machine():
    """Neither the place of this checkout nor where this machine's pip looks for packages."""
    pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = [
        line for line in pip.stdout.splitlines() if re.match(r"\S+\.(.*index-url|find-links|constraint)=", line)
    ]
    places = {word for line in settings for word in re.findall(r"[^\s='\"]*/[^\s='\"]+", line)}
    wrong = [place.encode() for place in {str(ROOT), *places}]
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not [place for place in wrong if place in content], name
