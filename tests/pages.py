"""What somebody sees on a page."""

import re


def numbers(page: str) -> set[str]:
    """The numbers that stand by themselves: "203" in the middle of an id or a token is nobody's reading."""
    return set(re.findall(r"(?<![\w-])\d+(?![\w-])", page))
