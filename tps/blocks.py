"""YAML files read with their lines, so that every mistake can be told where it stands."""

from collections.abc import Iterator
from typing import Any

import yaml


class Block(dict[str, Any]):
    """A mapping of the file that knows its line."""

    line: int = 0


# What a block contains: key -> (type, required).
Shape = dict[str, tuple[type | tuple[type, ...], bool]]


def read(content: bytes) -> tuple[Any, list[str]]:
    """The file as lists, scalars and `Block`s, and the keys that stand twice. Raises `yaml.YAMLError`."""
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            return None, [f"line {line}: aliases are not read; write it out"]
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


def check(block: Any, shape: Shape, what: str, line: int = 1) -> Iterator[str]:
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


def check_each(blocks: Any, shape: Shape, what: str, line: int) -> Iterator[str]:
    if not isinstance(blocks, list):
        yield f"line {line}: expected a list where each item is {what}"
        return
    for block in blocks:
        yield from check(block, shape, what, line)


def check_one_of(block: Block, key: str, known: tuple[str, ...]) -> Iterator[str]:
    if block[key] not in known:
        yield f"line {block.line}: {key} is {block[key]!r}; known are {', '.join(known)}"
