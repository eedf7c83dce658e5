"""What both doors, page and API, do with a request that brings a file.

Too large a body, a broken one and an outage of the database are refused in `pemantau/refusals.py`, before or
around them.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import UnreadablePostError
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from uploads import storage

log = logging.getLogger(__name__)


class MissingFile(Refusal):
    status = 400
    code = "missing_file"
    sentence = _("Belum ada foto. Pilih atau ambil foto dulu.")


@contextmanager
def receiving() -> Iterator[None]:
    """A disk too full to receive a file is an outage like any other."""
    try:
        yield
    except UnreadablePostError:
        raise  # the sender is gone; nothing is wrong here
    except OSError as error:
        log.error("receiving a file: %s", type(error).__name__)
        raise storage.StorageUnavailable from error


def the_file(sent: UploadedFile | None) -> TemporaryUploadedFile:
    """The file as it came in; the settings send every file to the disk."""
    if not isinstance(sent, TemporaryUploadedFile):
        raise MissingFile
    return sent
