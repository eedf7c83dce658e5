"""Starting the app: what happens to second steps of signing in is logged."""

import logging
from typing import Any

from django.apps import AppConfig

log = logging.getLogger(__name__)


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.mfa import signals  # needs the models

        signals.authenticator_added.connect(_added, dispatch_uid="accounts")
        signals.authenticator_removed.connect(_removed, dispatch_uid="accounts")
        signals.authenticator_reset.connect(_reset, dispatch_uid="accounts")
        signals.authentication_failed.connect(_failed, dispatch_uid="accounts")


# Of a passkey, an authenticator app or recovery codes the log knows whose and which kind, never a name or a code.


def _added(user: Any, authenticator: Any, **rest: object) -> None:
    log.info("account %s: %s added", user.pk, authenticator.type)


def _removed(user: Any, authenticator: Any, **rest: object) -> None:
    log.info("account %s: %s removed", user.pk, authenticator.type)


def _reset(user: Any, authenticator: Any, **rest: object) -> None:
    log.info("account %s: %s made anew", user.pk, authenticator.type)


def _failed(user: Any, authenticator: Any, **rest: object) -> None:
    log.warning("account %s: %s failed", user.pk, authenticator.type)
