"""The web server: threads, because a request waits for PostgreSQL and storage, and persistent connections."""

import logging
import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True  # loaded once, then forked; nothing in it connects before the fork

# Longer than the proxy keeps an idle connection, so that the proxy is the one that closes it.
keepalive = 75
timeout = 60
graceful_timeout = 20
# The sign of life must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# The address a person comes from is nobody's to read: no access log (the proxy counts, see deploy/nginx.conf).
accesslog = None
errorlog = "-"
control_socket_disable = True


def _without_what_was_sent(record: logging.LogRecord) -> bool:
    # gunicorn writes the address, and of a broken request the header itself: a cookie, say.
    if str(record.msg).startswith("Invalid request"):
        record.msg, record.args = "Invalid request", ()
    return True


def on_starting(server: object) -> None:
    """Before the workers are forked."""
    logging.getLogger("gunicorn.error").addFilter(_without_what_was_sent)
