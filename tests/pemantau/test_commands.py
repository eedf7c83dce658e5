"""Every command of ours says what it does and what may follow it."""

from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

COMMANDS = sorted(
    ".".join(path.with_suffix("").relative_to(settings.BASE_DIR).parts)
    for path in Path(settings.BASE_DIR).glob("*/management/commands/[a-z]*.py")
)


@pytest.mark.parametrize("module", COMMANDS)
def test_it_has_help(module):
    command = import_module(module).Command()
    assert command.help
    assert command.help.split()[0] in command.create_parser("manage.py", module.rpartition(".")[2]).format_help()
