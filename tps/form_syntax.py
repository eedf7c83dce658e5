"""The grammar of a form file, and the messages for what breaks it. Every message names the line."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import yaml

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


class Block(dict[str, Any]):
    """A mapping of the file that knows its line."""

    line: int = 0


# What a block contains: key -> (type, required).
Shape = dict[str, tuple[type | tuple[type, ...], bool]]

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
}
BUBBLES: Shape = {"columns": (list, True), "zero": (list, True), "step": (float, True)}
SHEETS: Shape = {"first": (int, True), "pages": (list, True)}
SHEET: Shape = {
    "label": (str, True),
    "blocks": (list, True),
    "tag": (int, False),
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


def read_blocks(content: bytes) -> tuple[Any, list[str]]:
    """The file as lists, scalars and `Block`s, and the keys that stand twice. Raises `yaml.YAMLError`."""
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            return None, [f"line {line}: aliases are not read; each rule and row stands for itself"]
    loader = yaml.SafeLoader(content)
    problems: list[str] = []
    try:
        node = loader.get_single_node()
        return (_value(loader, node, problems) if node else None), problems
    finally:
        loader.dispose()


def _value(loader: yaml.SafeLoader, node: yaml.Node, problems: list[str]) -> Any:
    if isinstance(node, yaml.MappingNode):
        block = Block()
        block.line = node.start_mark.line + 1
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in block:
                problems.append(f"line {key_node.start_mark.line + 1}: {key!r} stands twice")
            block[key] = _value(loader, value_node, problems)
        return block
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, problems) for item in node.value]
    return loader.construct_object(node, deep=True)


def check_syntax(document: Any, name: str) -> list[str]:
    """What is wrong with the file's words and types. The parts' fitting together is looked at in `form_files`."""
    if not isinstance(document, Block):
        return ["the file is not a mapping"]
    problems = list(_block(document, FORM, "the form"))
    if problems:
        return problems
    if document["name"] != name:
        problems.append(f"line 1: name is {document['name']!r}, the file is called {name!r}")
    problems += _one_of(document, "kind", CONTEST_KINDS)
    if not all(isinstance(n, int) for n in document.get("options", [])):
        problems.append(f"line {document.line}: options should be numbers")
    for blocks in document["blocks"].values():
        problems += _each(blocks, GROUP, "a group", document.line)
    if not problems:
        for groups in document["blocks"].values():
            for group in groups:
                problems += _rows(group)
    problems += _sheets(document)
    problems += _each(document["rules"], RULE, "a rule", document.line)
    if not problems:
        problems += [problem for rule in document["rules"] for problem in _rule(rule)]
        ids = [rule["id"] for rule in document["rules"]]
        problems += [f"rules: {one} is given twice" for one in sorted(set(ids)) if ids.count(one) > 1]
    return problems


def _block(block: Any, shape: Shape, what: str, line: int = 1) -> Iterator[str]:
    if not isinstance(block, Block):
        yield f"line {line}: {what} should be a mapping, not {block!r}"
        return
    for key in block.keys() - shape.keys():
        yield f"line {block.line}: {what} does not know {key!r}; it knows {', '.join(shape)}"
    for key, (wanted, required) in shape.items():
        if key not in block:
            if required:
                yield f"line {block.line}: {what} lacks {key!r}"
        elif not isinstance(block[key], wanted) or (isinstance(block[key], bool) and wanted is not bool):
            names = " or ".join(t.__name__ for t in (wanted if isinstance(wanted, tuple) else (wanted,)))
            yield f"line {block.line}: {what}: {key} should be {names}, not {block[key]!r}"


def _each(blocks: Any, shape: Shape, what: str, line: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield f"line {line}: expected a list where each item is {what}"
        return
    for block in blocks:
        yield from _block(block, shape, what, line)


def _one_of(block: Block, key: str, known: tuple[str, ...]) -> Iterator[str]:
    if block[key] not in known:
        yield f"line {block.line}: {key} is {block[key]!r}; known are {', '.join(known)}"


def _placeholders(block: Block, text: str, known: set[str]) -> Iterator[str]:
    for name in PLACEHOLDER.findall(text):
        if name not in known:
            yield f"line {block.line}: {text!r} has the unknown placeholder {{{name}}}"
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        yield f"line {block.line}: {text!r} has a lone brace"


def _rows(group: Block) -> Iterator[str]:
    mistakes = list(_each(group["rows"], ROW, "a row", group.line))
    yield from mistakes
    if mistakes:
        return
    for row in group["rows"]:
        known: set[str] = set()
        if "per" in row:
            yield from _one_of(row, "per", ("option", "candidate"))
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
            yield from _block(row["bubbles"], BUBBLES, "bubbles", row.line)


def _sheets(document: Block) -> Iterator[str]:
    for variant, sheets in document["pages"].items():
        if variant not in VARIANTS:
            yield f"line {document['pages'].line}: {variant!r} is no variant; known are {', '.join(VARIANTS)}"
        mistakes = list(_block(sheets, SHEETS, "a variant", document.line))
        mistakes = mistakes or list(_each(sheets["pages"], SHEET, "a page", sheets.line))
        yield from mistakes
        if mistakes:
            continue
        for sheet in sheets["pages"]:
            yield from _placeholders(sheet, sheet["label"], {"option"})
            for block in sheet["blocks"]:
                if block not in document["blocks"]:
                    yield f"line {sheet.line}: there is no block {block!r}"
            if sheet.get("options_per_page", 1) < 1:
                yield f"line {sheet.line}: options_per_page should be at least 1"


def _rule(rule: Block) -> Iterator[str]:
    yield from _one_of(rule, "kind", get_args(Kind))
    yield from _one_of(rule, "severity", get_args(Severity))
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
