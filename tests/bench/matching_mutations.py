"""What happens to a repository between two scans, with findings that keep their keys where they live on."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, TypeAlias

from tests.bench.matching_sources import Block, Line, function

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.bench.matching_sources import Flaw, Repository

_ARGUMENTS = ("timeout=5", "None", "options", "strict", "limit", "True")
_COMMENTS = ("see the handbook", "TODO: ask the owners", "kept for old clients", "reviewed in spring")
_SOME = 0.4  # of the findings that a mutation could touch


def rename_file(repository: Repository, luck: random.Random) -> None:
    """Half of the files get other names, one of them another folder."""
    files = {}
    for number, (path, blocks) in enumerate(repository.files.items()):
        folder, _, name = path.rpartition("/")
        if number % 2 == 0:
            path = f"{folder}/{luck.choice(('new', 'core', 'web'))}_{name}" if number else f"moved/{folder}/{name}"  # noqa: PLW2901
        files[path] = blocks
    repository.files = files


def move_to_another_file(repository: Repository, luck: random.Random) -> None:
    """Some functions go to another file, or to a new one."""
    paths = list(repository.files)
    folder, _, name = paths[0].rpartition("/")
    targets = [*paths, f"{folder}/extracted_{name}"]
    for path in paths:
        for block in [block for block in repository.files[path][1:] if luck.random() < _SOME / 2]:
            target = luck.choice([one for one in targets if one != path])
            repository.files[path].remove(block)
            others = repository.files.setdefault(target, [Block([Line("")])])
            others.insert(luck.randint(1, len(others)), block)


def move_inside(repository: Repository, luck: random.Random) -> None:
    """Some functions stand elsewhere in their file."""
    for blocks in repository.files.values():
        for block in [block for block in blocks[1:] if luck.random() < _SOME / 2]:
            blocks.remove(block)
            blocks.insert(luck.randint(1, len(blocks)), block)


def shift(repository: Repository, luck: random.Random) -> None:
    """Lines come and go everywhere but at findings."""
    mark = "#" if repository.language.name == "Python" else "//"
    for blocks in repository.files.values():
        for block in blocks:
            if luck.random() < _SOME:
                at = 0 if luck.random() < _SOME else luck.randint(0, len(block.lines))
                count = luck.choice((1, 1, 2, 3, 8, 25))
                block.lines[at:at] = [Line(f"{mark} {luck.choice(_COMMENTS)}") for _ in range(count)]
            if luck.random() < _SOME / 2:
                kept = [line for line in block.lines if line.flaw or luck.random() > 0.2]
                block.lines = kept or block.lines


def edit(repository: Repository, luck: random.Random) -> None:
    """The flagged lines themselves: a variable renamed, an argument added, the expression wrapped."""
    for block in _blocks(repository):
        if not block.flaws() or luck.random() > _SOME:
            continue
        luck.choice((_rename_variable, _add_argument, _wrap))(block, luck)


def _rename_variable(block: Block, luck: random.Random) -> None:
    if not block.name:
        return _add_argument(block, luck)
    old = re.compile(rf"\b{re.escape(block.name)}\b")
    block.name = luck.choice((f"{block.name}_value", f"raw{block.name.title()}", f"the_{block.name}"))
    for line in block.lines:
        line.text = old.sub(block.name, line.text)
        if line.flaw is not None:
            flaw = line.flaw
            flaw.token, flaw.safe = old.sub(block.name, flaw.token), old.sub(block.name, flaw.safe)
            flaw.message = re.sub(rf"\({old.pattern}\)", f"({block.name})", flaw.message)
    return None


def _add_argument(block: Block, luck: random.Random) -> None:
    line = luck.choice([line for line in block.lines if line.flaw is not None])
    head, found, tail = line.text.rpartition(")")
    line.text = f"{head}, {luck.choice(_ARGUMENTS)}){tail}" if found else f"{line.text}  # {luck.choice(_COMMENTS)}"


def _wrap(block: Block, luck: random.Random) -> None:
    line = luck.choice([line for line in block.lines if line.flaw is not None])
    head, found, tail = line.text.partition("(")
    if not found or not tail.strip():
        return
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    rest = Line(f"{indent}    {tail}")
    line.text = f"{head}("
    if line.flaw is not None and line.flaw.token in tail and luck.random() < 0.5:
        line.flaw, rest.flaw = None, line.flaw
    block.lines.insert(block.lines.index(line) + 1, rest)


def reformat(repository: Repository, luck: random.Random) -> None:
    """Other indentation in whole files, blank lines, braces on their own lines, and wrapped lines."""
    for blocks in repository.files.values():
        if luck.random() < _SOME:
            continue
        indent = luck.choice(("  ", "    ", "\t", "        "))
        for block in blocks:
            lines = []
            for line in block.lines:
                bare = line.text.lstrip()
                depth = len(line.text[: len(line.text) - len(bare)].replace("\t", "    ").replace("    ", "  ")) // 2
                line.text = indent * depth + bare
                lines.append(line)
                if bare.endswith("{") and bare != "{" and luck.random() < _SOME:
                    line.text = line.text[:-1].rstrip()
                    lines.append(Line(f"{indent * depth}{{"))
                elif luck.random() < 0.1:
                    lines.append(Line(""))
            block.lines = lines
            if block.flaws() and luck.random() < _SOME:
                _wrap(block, luck)


def duplicate(repository: Repository, luck: random.Random) -> None:
    """Functions are copied, with their findings, below themselves or to the end; some copies get other names."""
    for blocks in repository.files.values():
        for block in [block for block in blocks if block.flaws() and luck.random() < _SOME]:
            twin = copy.deepcopy(block)
            for flaw in twin.flaws():
                flaw.key = next(repository.keys)
            if luck.random() < 0.7:
                for line in twin.lines[:4]:
                    line.text = re.sub(r"(\w{4,})(?=[ (/\"])", r"\1_copy", line.text, count=1)
            at = blocks.index(block) + 1 if luck.random() < 0.5 else len(blocks)
            blocks.insert(at, twin)


def fix_and_add(repository: Repository, luck: random.Random) -> None:
    """Some findings are mended, and new ones of the same rules turn up elsewhere in the file."""
    templates = {one.rule: one for one in repository.language.templates}
    for blocks in repository.files.values():
        words = [block.name for block in blocks if block.name.isidentifier()] or ["order"]
        for block in list(blocks):
            for line in block.lines:
                if line.flaw is None or luck.random() > _SOME:
                    continue
                mended = line.flaw
                line.text, line.flaw = mended.safe, None
                if luck.random() < 0.7 and mended.rule in templates:
                    new = function(repository, luck, template=templates[mended.rule], words=words)
                    blocks.insert(luck.randint(1, len(blocks)), new)


def several(repository: Repository, luck: random.Random) -> None:
    """Three of them at once."""
    ways: list[Mutation] = [rename_file, move_to_another_file, move_inside, shift, edit, reformat, fix_and_add]
    for way in luck.sample(ways, 3):
        way(repository, luck)


def _blocks(repository: Repository) -> list[Block]:
    return [block for blocks in repository.files.values() for block in blocks]


def flaws(repository: Repository) -> list[Flaw]:
    """All findings."""
    return [flaw for block in _blocks(repository) for flaw in block.flaws()]


Mutation: TypeAlias = "Callable[[Repository, random.Random], None]"
MUTATIONS: dict[str, Mutation] = {
    "file renamed": rename_file,
    "moved to another file": move_to_another_file,
    "moved inside the file": move_inside,
    "lines shifted": shift,
    "flagged line edited": edit,
    "reformatted": reformat,
    "function copied": duplicate,
    "fixed, and new ones": fix_and_add,
    "tool upgraded": lambda _repository, _luck: None,
    "several at once": several,
}
