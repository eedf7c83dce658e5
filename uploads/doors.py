"""What both doors, page and API, do with a request that brings a file."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from uploads import storage
from uploads.intake import TooLarge

log = logging.getLogger(__name__)

# Fields and boundaries around the file.
ROOM_FOR_FIELDS = 64 * 1024


class MalformedRequest(Refusal):
    status = 400
    code = "malformed_request"
    sentence = _("Kiriman ini tidak lengkap atau rusak. Kirim satu foto dalam satu kiriman.")


class MissingFile(Refusal):
    status = 400
    code = "missing_file"
    sentence = _("Belum ada foto. Pilih atau ambil foto dulu.")


class DatabaseUnavailable(Refusal):
    status = 503
    code = "database_unavailable"
    sentence = _("Kiriman belum dapat kami catat. Simpan foto Anda dan coba lagi sebentar lagi.")
    retry_after = 30


def refuse_a_large_body(request: HttpRequest) -> None:
    """Before a byte of the body is read: raise `TooLarge` by what the request says of its own length."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise MalformedRequest from None
    if length > settings.MAX_PHOTO_BYTES + ROOM_FOR_FIELDS:
        raise TooLarge(length)


@contextmanager
def receiving() -> Iterator[None]:
    """What goes wrong around reading a request and storing a photo becomes a refusal that says so."""
    try:
        yield
    except RequestDataTooBig as error:
        raise TooLarge(settings.MAX_PHOTO_BYTES + ROOM_FOR_FIELDS) from error
    except (BadRequest, SuspiciousOperation, UnreadablePostError) as error:
        raise MalformedRequest from error
    except (OperationalError, InterfaceError) as error:
        log.error("database: %s", type(error).__name__)
        raise DatabaseUnavailable from error
    except OSError as error:
        log.error("receiving a file: %s", type(error).__name__)
        raise storage.StorageUnavailable from error


def the_file(sent: UploadedFile | None) -> TemporaryUploadedFile:
    """The file as it came in; the settings send every file to the disk."""
    if not isinstance(sent, TemporaryUploadedFile):
        raise MissingFile
    return sent
