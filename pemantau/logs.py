"""What log lines look like, and what never stands in one (TRUST section 6).

Our own messages name rows by id and errors by kind. What other people's code writes is scrubbed here, as the last
thing before a line leaves: a path with a receipt in it, an address in an error of the database.
"""

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse

# Lines of one request carry one mark.
correlation: ContextVar[str] = ContextVar("correlation", default="-")


class CorrelationMiddleware:
    """Gives each request a mark, which its log lines and its answer carry."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not reset afterwards: Django writes what it refused after the last middleware. The next request sets its own.
        mark = secrets.token_hex(6)
        correlation.set(mark)
        response = self.get_response(request)
        response["X-Request-ID"] = mark
        return response


class Formatter(logging.Formatter):
    """`2029-02-14 08:11:09,123 INFO pemantau.pipeline 0f3a… message`, scrubbed, traceback included."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {correlation} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        record.correlation = correlation.get()
        return scrub(super().format(record))


def scrub(line: str) -> str:
    """The line without what must not be in a log. What it cannot know, such as a name, nobody may write."""
    for pattern, left in _SCRUBBED:
        line = pattern.sub(left, line)
    return _IPV6.sub(_without_ipv6, line)


_SCRUBBED: tuple[tuple[re.Pattern[str], str], ...] = (
    # The database quotes the row: "DETAIL:  Failing row contains (…)", "Key (email)=(…) already exists".
    (re.compile(r"(DETAIL|CONTEXT|HINT):.*"), r"\1: …"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    # Receipts and tickets: in a path, or as people read them (`uploads.receipts`).
    (re.compile(r"(/bukti/|/receipts/|/tickets/|staging/)[^/\s\"'?]+"), r"\1…"),
    (re.compile(r"(?<![\w-])[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}-[0-9A-Z*~$=]{3,6}"), "…"),
    # Secrets in query strings: presigned addresses, sign-in with Google.
    (re.compile(r"([?&](?:X-Amz-[A-Za-z-]+|code|state|token|key|sig)=)[^&\s\"']+"), r"\1…"),
    (re.compile(r"((?:cookie|authorization|x-csrftoken)['\"]?\s*[:=]\s*).*", re.IGNORECASE), r"\1…"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "…"),
)
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def _without_ipv6(match: re.Match[str]) -> str:
    try:
        ip_address(match[0].strip("."))
    except ValueError:
        return match[0]
    return "…"
