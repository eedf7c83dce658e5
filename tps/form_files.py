"""Reading `tps/forms/*.yaml`: the file is checked as a whole, and every mistake is told with its line.

    blocks   name -> groups -> rows; a row is one number, or one per column (L, P, J)
    pages    variant ("plano", "salinan") -> first page number, pages -> which blocks stand on them
    rules    see `tps/rules.py`

`per: option` repeats a row for each option of the contest, `per: candidate` for each candidate of each option,
`options_per_page: n` repeats a page for each n options. `{option}`, `{candidate}` and, in rules, `{each}` are
filled in. `docs/forms.md` explains it with examples.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tps import blocks
from tps.form_shapes import Bubbles, Choice, Field, FormDefinition, Page, Place
from tps.form_syntax import WrongForm, check_syntax
from tps.rules import Rule


def read(path: Path) -> FormDefinition:
    """The form of one file with the options it names. Raises `WrongForm` with all that is wrong."""
    return parse(path.read_bytes(), path.stem)


def parse(content: bytes, name: str) -> FormDefinition:
    """As `read`, from the file's bytes; `name` is what the form must call itself."""
    try:
        document, problems = blocks.read(content)
    except yaml.YAMLError as error:
        raise WrongForm(name, [f"no YAML: {error}"]) from error
    problems = problems or check_syntax(document, name)
    if problems:
        raise WrongForm(name, problems)
    digest = hashlib.sha256(content).hexdigest()
    return expand(document, digest, [Choice(number) for number in document.get("options", [])])


def expand(document: dict[str, Any], digest: str, options: Sequence[Choice]) -> FormDefinition:
    """The form with these options filled in. Raises `WrongForm` where the parts do not fit together."""
    options = tuple(options)
    pages = tuple(_pages(document, options))
    keys = [field.key for page in pages for field in page.fields]
    problems = _check_pages(document, pages)
    rules: list[Rule] = []
    for written in document["rules"]:
        rules += _rules(written, options, tuple(dict.fromkeys(keys)), problems)
    if (register := document.get("register", "")) and register not in keys:
        problems.append(f"register: there is no field {register}")
    if problems:
        raise WrongForm(document["name"], problems)
    return FormDefinition(
        name=document["name"],
        title=document["title"],
        kind=document["kind"],
        confirmed=document["confirmed"],
        pages=pages,
        rules=tuple(rules),
        options=options,
        register=register,
        digest=digest,
        expand=partial(expand, document, digest),
    )


# --- Pages and fields -----------------------------------------------------------------------


def _pages(document: dict[str, Any], options: tuple[Choice, ...]) -> Iterator[Page]:
    for variant, sheets in document["pages"].items():
        number = sheets["first"]
        for sheet in sheets["pages"]:
            for here in _options_by_page(sheet, options):
                fields = tuple(
                    field for block in sheet["blocks"] for field in _fields(document["blocks"][block], here, options)
                )
                label = sheet["label"].format(option=_numbers(here))
                header = Place(**sheet["header"]) if "header" in sheet else None
                yield Page(number, label, variant, fields, sheet.get("tag"), header)
                number += 1


def _numbers(options: tuple[Choice, ...]) -> str:
    numbers = [str(option.number) for option in options]
    return f"{numbers[0]} sampai {numbers[-1]}" if len(numbers) > 2 else " dan ".join(numbers)


def _options_by_page(sheet: dict[str, Any], options: tuple[Choice, ...]) -> list[tuple[Choice, ...]]:
    size = sheet.get("options_per_page")
    if size is None:
        return [options]
    return [options[start : start + size] for start in range(0, len(options), size)]


def _fields(block: list[dict[str, Any]], here: tuple[Choice, ...], options: tuple[Choice, ...]) -> Iterator[Field]:
    """The fields of a block; options are the outer loop, so that a party's numbers stand together."""
    for group in block:
        per_option = [row for row in group["rows"] if "per" in row]
        yield from (field for row in group["rows"] if "per" not in row for field in _row(group, row, {}))
        for option in here:
            for row in per_option:
                names: dict[str, object] = {"option": option.number, "option_name": option.name}
                nth = options.index(option)
                if row["per"] == "option":
                    yield from _row(group, row, names, nth)
                    continue
                for candidate in option.candidates:
                    yield from _row(
                        group, row, names | {"candidate": candidate.number, "candidate_name": candidate.name}, nth
                    )


def _row(group: dict[str, Any], row: dict[str, Any], names: dict[str, object], nth: int = 0) -> Iterator[Field]:
    key, label = row["key"].format(**names), row["label"].format(**names).strip()
    heading, boxes = group["group"].format(**names).strip(), row.get("boxes", 3)
    bubbles = _bubbles(row, nth)
    for at, column in enumerate(row.get("columns", [""])):
        full_key = f"{key}_{column.lower()}" if column else key
        yield Field(full_key, label, heading, column, boxes, bubbles, _place(row, at, nth))


def _place(row: dict[str, Any], column: int, option: int) -> Place | None:
    where = row.get("place")
    if where is None or column >= len(where["left"]) or option >= len(where["top"]):
        return None
    return Place(where["left"][column], where["top"][option], where["width"], where["height"])


def _bubbles(row: dict[str, Any], place: int) -> Bubbles | None:
    where = row.get("bubbles")
    if where is None or place >= len(where["zero"]):
        return None
    return Bubbles(tuple(where["columns"]), where["zero"][place], where["step"])


def _check_pages(document: dict[str, Any], pages: tuple[Page, ...]) -> list[str]:
    """Numbers and tags stand once; each variant has every field exactly once."""
    problems = []
    for what, values in (
        ("page number", [page.number for page in pages]),
        ("tag", [page.tag for page in pages if page.tag is not None]),
    ):
        problems += [f"pages: the {what} {value} is given twice" for value in _repeated(values)]
    by_variant = {
        variant: [f.key for p in pages if p.variant == variant for f in p.fields] for variant in document["pages"]
    }
    all_keys = {key for keys in by_variant.values() for key in keys}
    for variant, keys in by_variant.items():
        problems += [f"pages: {variant}: the field {key} stands twice" for key in _repeated(keys)]
        problems += [f"pages: {variant}: the field {key} is missing" for key in sorted(all_keys - set(keys))]
    return problems


def _repeated(values: Sequence[Any]) -> list[Any]:
    seen: set[Any] = set()
    return [value for value in values if value in seen or seen.add(value)]  # type: ignore[func-returns-value]


# --- Rules ----------------------------------------------------------------------------------


def _rules(
    written: dict[str, Any], options: tuple[Choice, ...], keys: tuple[str, ...], problems: list[str]
) -> Iterator[Rule]:
    """The rules that one written rule stands for: one for each value of `each`."""
    each = written.get("each", [""])
    for choice in options if each == "option" else each:
        mine = (choice,) if isinstance(choice, Choice) else options
        names = {"each": choice.number if isinstance(choice, Choice) else choice}
        figure = written["figure"].format(**names) if "figure" in written else None
        resolved = [list(_keys(term, names, mine, keys)) for term in written.get("terms", [])]
        if not all(resolved):
            continue  # no options, or a party without candidates: nothing to add up
        terms = [key for one in resolved for key in one]
        named = [figure, *terms] if figure else terms
        positive = [key.format(**names) for key in written.get("only_where_positive", [])]
        unknown = [key for key in (*named, *positive) if key not in keys]
        problems += [f"line {written.line}: {written['id']} names the unknown field {key}" for key in unknown]  # type: ignore[attr-defined]
        yield Rule(
            id=written["id"],
            kind=written["kind"],
            title=written["title"],
            severity=written["severity"],
            source=written["source"],
            terms=tuple(named),
            only_where_positive=tuple(positive),
            limit=written.get("limit"),
            percent=written.get("percent", 0),
            lowest=written.get("lowest", 0),
            highest=written.get("highest", 999),
        )


def _keys(term: str, names: dict[str, Any], options: tuple[Choice, ...], keys: tuple[str, ...]) -> Iterator[str]:
    """The fields that a term stands for: `*` all, `{option}` one per option, `{candidate}` one per candidate."""
    if term == "*":
        yield from keys
    elif "{candidate}" in term:
        for option in options:
            for candidate in option.candidates:
                yield term.format(**names, option=option.number, candidate=candidate.number)
    elif "{option}" in term:
        yield from (term.format(**names, option=option.number) for option in options)
    else:
        yield term.format(**names)
