"""`python -m tests.faults.dying_folder <point>`: a folder that works until it has something to do, and dies there.

Exit status 9. It does not ask for the folder's session lock; its test holds that against the real one.
"""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pemantau.settings")
django.setup()

from django.db import transaction  # noqa: E402

from aggregation import folder, publication, published_files, tallies  # noqa: E402
from ledger import sequencer  # noqa: E402


def dies(module: object, name: str, *, after: bool, only_if_done: bool = False) -> None:
    real = getattr(module, name)

    def dying(*args: object, **more: object) -> object:
        done = real(*args, **more) if after else None
        if after and only_if_done and not done:
            return done
        os._exit(9)

    setattr(module, name, dying)


def sequence_and_die_before_the_commit() -> None:
    real = sequencer.sequence

    def dying() -> int:
        with transaction.atomic():
            if not (done := real()):
                return done
            os._exit(9)

    sequencer.sequence = dying


POINTS = {
    "sequencing": sequence_and_die_before_the_commit,
    "sequenced": lambda: dies(sequencer, "sequence", after=True, only_if_done=True),
    "folding": lambda: dies(tallies, "_append_entry", after=True),
    "folded": lambda: dies(tallies, "fold", after=True, only_if_done=True),
    "publishing": lambda: dies(publication, "publish", after=False),
    "writing": lambda: dies(published_files, "write", after=True),
    "written": lambda: dies(published_files, "write_pointer", after=False),
    "pointed": lambda: dies(published_files, "write_pointer", after=True),
}

if __name__ == "__main__":
    POINTS[sys.argv[1]]()
    until = time.monotonic() + 50
    while time.monotonic() < until:
        folder.step()
        time.sleep(0.01)
