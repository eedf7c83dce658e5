#!/usr/bin/env python3
"""Django's command line for Pemantau."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["services"]:  # one machine, whose defaults the settings allow only then
        os.environ.setdefault("PEMANTAU_DEVELOPMENT", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
