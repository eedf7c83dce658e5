"""The grammar of a form file, and the messages for what breaks it. Every message names the line."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from tps.blocks import Block, Shape, check, check_each, check_one_of
from tps.rules import Kind, Severity

KEY = re.compile(r"[a-z0-9_{}]+\Z")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
RULE_ID = re.compile(r"R[1-9][0-9]?\Z")

VARIANTS = ("plano", "salinan")
CONTEST_KINDS = ("ppwp", "dpr", "dpd", "dprd_prov", "dprd_kabko")


class WrongForm(ValueError):
    """A form file that cannot be used: all that is wrong with it, one line each."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.name = name
        self.problems = problems
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))


FORM: Shape = {
    "name": (str, True),
    "title": (str, True),
    "kind": (str, True),
    "confirmed": (bool, True),
    "options": (list, False),
    "register": (str, False),
    "blocks": (dict, True),
    "pages": (dict, True),
    "rules": (list, True),
}
GROUP: Shape = {"group": (str, True), "rows": (list, True)}
ROW: Shape = {
    "key": (str, True),
    "label": (str, True),
    "columns": (list, False),
    "per": (str, False),
    "boxes": (int, False),
    "bubbles": (dict, False),
    "place": (dict, False),
}
BUBBLES: Shape = {"columns": (list, True), "zero": (list, True), "step": (float, True)}
PLACE: Shape = {"left": (list, True), "top": (list, True), "width": (float, True), "height": (float, True)}
HEADER: Shape = {"left": (float, True), "top": (float, True), "width": (float, True), "height": (float, True)}
SHEETS: Shape = {"first": (int, True), "pages": (list, True)}
SHEET: Shape = {
    "label": (str, True),
    "blocks": (list, True),
    "tag": (int, False),
    "header": (dict, False),
    "options_per_page": (int, False),
}
RULE: Shape = {
    "id": (str, True),
    "kind": (str, True),
    "each": ((list, str), False),
    "figure": (str, False),
    "terms": (list, False),
    "only_where_positive": (list, False),
    "limit": (int, False),
    "percent": (int, False),
    "lowest": (int, False),
    "highest": (int, False),
    "title": (str, True),
    "severity": (str, True),
    "source": (str, True),
}


def check_syntax(document: Any, name: str) -> list[str]:
    """What is wrong with the file's words and types. The parts' fitting together is looked at in `form_files`."""
    if not isinstance(document, Block):
        return ["the file is not a mapping"]
    problems = list(check(document, FORM, "the form"))
    if problems:
        return problems
    if document["name"] != name:
        problems.append(f"line 1: name is {document['name']!r}, the file is called {name!r}")
    problems += check_one_of(document, "kind", CONTEST_KINDS)
    if not all(isinstance(n, int) for n in document.get("options", [])):
        problems.append(f"line {document.line}: options should be numbers")
    for blocks in document["blocks"].values():
        problems += check_each(blocks, GROUP, "a group", document.line)
    if not problems:
        for groups in document["blocks"].values():
            for group in groups:
                problems += _rows(group)
    problems += _sheets(document)
    problems += check_each(document["rules"], RULE, "a rule", document.line)
    if not problems:
        problems += [problem for rule in document["rules"] for problem in _rule(rule)]
        ids = [rule["id"] for rule in document["rules"]]
        problems += [f"rules: {one} is given twice" for one in sorted(set(ids)) if ids.count(one) > 1]
    return problems


def _placeholders(block: Block, text: str, known: set[str]) -> Iterator[str]:
    for name in PLACEHOLDER.findall(text):
        if name not in known:
            yield f"line {block.line}: {text!r} has the unknown placeholder {{{name}}}"
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        yield f"line {block.line}: {text!r} has a lone brace"


def _rows(group: Block) -> Iterator[str]:
    mistakes = list(check_each(group["rows"], ROW, "a row", group.line))
    yield from mistakes
    if mistakes:
        return
    for row in group["rows"]:
        known: set[str] = set()
        if "per" in row:
            yield from check_one_of(row, "per", ("option", "candidate"))
            known = {"option", "option_name"}
            if row["per"] == "candidate":
                known |= {"candidate", "candidate_name"}
        for text in (row["key"], row["label"], group["group"]):
            yield from _placeholders(row, text, known)
        if not KEY.match(row["key"]):
            yield f"line {row.line}: the key {row['key']!r} should be of a-z, 0-9 and _"
        if not set(row.get("columns", [])) <= {"L", "P", "J"}:
            yield f"line {row.line}: columns are L, P and J, not {row['columns']!r}"
        if not 1 <= row.get("boxes", 3) <= 6:
            yield f"line {row.line}: boxes should be 1 to 6"
        if "bubbles" in row:
            yield from check(row["bubbles"], BUBBLES, "bubbles", row.line)
        if "place" in row:
            yield from check(row["place"], PLACE, "place", row.line)


def _sheets(document: Block) -> Iterator[str]:
    for variant, sheets in document["pages"].items():
        if variant not in VARIANTS:
            yield f"line {document['pages'].line}: {variant!r} is no variant; known are {', '.join(VARIANTS)}"
        mistakes = list(check(sheets, SHEETS, "a variant", document.line))
        mistakes = mistakes or list(check_each(sheets["pages"], SHEET, "a page", sheets.line))
        yield from mistakes
        if mistakes:
            continue
        for sheet in sheets["pages"]:
            yield from _placeholders(sheet, sheet["label"], {"option"})
            for block in sheet["blocks"]:
                if block not in document["blocks"]:
                    yield f"line {sheet.line}: there is no block {block!r}"
            if "header" in sheet:
                yield from check(sheet["header"], HEADER, "header", sheet.line)
            if sheet.get("options_per_page", 1) < 1:
                yield f"line {sheet.line}: options_per_page should be at least 1"


def _rule(rule: Block) -> Iterator[str]:
    yield from check_one_of(rule, "kind", get_args(Kind))
    yield from check_one_of(rule, "severity", get_args(Severity))
    if not RULE_ID.match(rule["id"]):
        yield f"line {rule.line}: a rule's id is R and a number, not {rule['id']!r}"
    if isinstance(rule.get("each"), str) and rule["each"] != "option":
        yield f"line {rule.line}: each is a list of words, or the word option"
    texts = [rule.get("figure", ""), *rule.get("terms", []), *rule.get("only_where_positive", [])]
    if not all(isinstance(text, str) for text in texts):
        yield f"line {rule.line}: {rule['id']}: fields are named by words"
        return
    each = {"each"} & rule.keys()
    for text in rule.get("terms", []):
        yield from _placeholders(rule, text, {"option", "candidate"} | each)
    for text in (rule.get("figure", ""), *rule.get("only_where_positive", [])):
        yield from _placeholders(rule, text, each)
    yield from _parts(rule)


def _parts(rule: Block) -> Iterator[str]:
    """Each kind of rule has its own parts."""
    kind, terms = rule["kind"], rule.get("terms", [])
    if ("figure" in rule) == (kind == "range"):
        wanted = "range has terms and no figure" if kind == "range" else f"{kind} needs a figure"
        yield f"line {rule.line}: {rule['id']}: {wanted}"
    if kind == "at_most":
        if ("limit" in rule) == bool(terms) or len(terms) > 1:
            yield f"line {rule.line}: {rule['id']}: at_most needs either one term or a limit"
    elif kind in ("equal", "reserve") and len(terms) != 1:
        yield f"line {rule.line}: {rule['id']}: {kind} needs exactly one term"
    elif not terms:
        yield f"line {rule.line}: {rule['id']}: {kind} needs terms"
    for key, kinds in (("limit", "at_most"), ("percent", "reserve"), ("lowest", "range"), ("highest", "range")):
        if key in rule and kind != kinds:
            yield f"line {rule.line}: {rule['id']}: {key} belongs to {kinds}, not to {kind}"
    if kind == "reserve" and "percent" not in rule:
        yield f"line {rule.line}: {rule['id']}: reserve needs a percent"
