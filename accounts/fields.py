"""What the doors of several apps read in the same way: fields of the APIs, and numbers of the pages' forms."""

import re
from typing import Any

from rest_framework import serializers


class WholeNumber(serializers.IntegerField):
    """Digits 0 to 9 only, as a number or as text: not `２`, `+2` or `2.0`, which Python would take for integers."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,20}", str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


def whole_number(text: str, digits: int = 18) -> int:
    """The number a page sent as text, such as a key or a page of a list; 0 where it is none, or longer than `digits`.

    Nothing has the key 0, and 18 digits fit any key. Python refuses to read some thousands of digits at all.
    """
    return int(text) if len(text) <= digits and re.fullmatch(r"[0-9]+", text) else 0
