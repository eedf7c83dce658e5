"""Fields that the APIs of several apps share."""

import re
from typing import Any

from rest_framework import serializers


class WholeNumber(serializers.IntegerField):
    """Digits 0 to 9 only, as a number or as text: not `２`, `+2` or `2.0`, which Python would take for integers."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,20}", str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)
