"""How refusals are described in the API's schema: one shape for all of them."""

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers


class ErrorBody(serializers.Serializer):
    code = serializers.CharField(help_text="A word for programs; docs/refusals.md lists them.")
    message = serializers.CharField(help_text="A sentence for people, in Indonesian or as Accept-Language asks.")
    fields = serializers.JSONField(required=False, help_text="By field.")  # type: ignore[assignment]


class Error(serializers.Serializer):
    error = ErrorBody()


def error(description: str, *codes: str) -> OpenApiResponse:
    """A response of `responses={404: error("No such TPS.", "unknown_station")}`."""
    return OpenApiResponse(
        Error,
        description=description,
        examples=[OpenApiExample(code, {"error": {"code": code, "message": "…"}}) for code in codes],
    )
