#!/usr/bin/env python3
"""Django's command line for Pemantau."""

import os
import sys


def main() -> None:
    # `simulate-volunteers` is found, too: a command is a module, and no module's name has a hyphen. Only the command's
    # own name is looked at; options and values stay as they were typed.
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        sys.argv[1] = sys.argv[1].replace("-", "_")
    # One machine, whose defaults the settings allow only then; and what needs neither database nor secrets.
    if sys.argv[1:2] in (["services"], ["simulate_volunteers"]):
        os.environ.setdefault("PEMANTAU_DEVELOPMENT", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
