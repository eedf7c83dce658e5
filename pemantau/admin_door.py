"""The admin site's door: operators who have used their second factor in this session, and nobody else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts import second_factor
from accounts.models import User
from accounts.permissions import Action, may, to_second_factor


def may_enter(request: HttpRequest) -> bool:
    return may(request.user, Action.OPERATE) and not second_factor.is_due(request, Action.OPERATE.roles)


def login(otherwise: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Where the admin site sends whom it does not let in: an operator goes to their second factor first."""

    def ask(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        operator = isinstance(request.user, User) and may(request.user, Action.OPERATE)
        if operator and second_factor.is_due(request, Action.OPERATE.roles):
            return to_second_factor(request)
        return otherwise(request, *args, **kwargs)

    return ask
