"""Rules on the shape of the code that lint and import contracts don't know.

Each takes a path and the parsed file and yields a sentence per breach.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

MODULE_LINES = 400
ENTRY_POINT_LINES = 40
NAMES_THAT_SAY_NOTHING = frozenset({"utils", "helpers", "common", "misc", "base"})
ENTRY_POINT_IMPORTS = (
    "functions_framework",
    "flask",
    "starlette",
    "shared.wiring",
    "typing",
    "collections.abc",
)
PURE_MAY_NOT_IMPORT = frozenset(
    {"os", "random", "secrets", "socket", "sqlite3", "subprocess", "time", "uuid"}
)
PATCHES = frozenset(
    f"monkeypatch.{way}" for way in ("setattr", "delattr", "setitem", "delitem", "syspath_prepend", "context")
)
CLOCKS = frozenset({"now", "today", "utcnow"})

Rule = Callable[[Path, ast.Module], Iterator[str]]


def named_for_its_role(path: Path, _tree: ast.Module) -> Iterator[str]:
    """A module's or folder's name says what it is for."""
    for name in {part.removesuffix(".py") for part in path.parts} & NAMES_THAT_SAY_NOTHING:
        yield f"{path}: {name!r} says nothing about what is in it"


def of_readable_size(path: Path, _tree: ast.Module) -> Iterator[str]:
    """A module stays within what one reads in one go."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > MODULE_LINES:
        yield f"{path}: {lines} lines, more than {MODULE_LINES}"


def without_mocks(path: Path, tree: ast.Module) -> Iterator[str]:
    """No code is mocked or patched: adapters and servers are real."""
    for module, line in imports(tree):
        if module == "mock" or module.startswith("unittest.mock") or module.startswith("pytest_mock"):
            yield f"{path}:{line}: imports {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in PATCHES:
            yield f"{path}:{node.lineno}: calls {ast.unparse(node)}"


def pure(path: Path, tree: ast.Module) -> Iterator[str]:
    """Domain, ports and use cases take time, chance and everything outside through ports."""
    for module, line in imports(tree):
        if module.partition(".")[0] in PURE_MAY_NOT_IMPORT:
            yield f"{path}:{line}: imports {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield f"{path}:{node.lineno}: asks the real clock"


def an_entry_point(path: Path, tree: ast.Module) -> Iterator[str]:
    """A `functions/<name>/main.py` only hands its request to the wiring."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > ENTRY_POINT_LINES:
        yield f"{path}: {lines} lines, more than {ENTRY_POINT_LINES}"
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    public = [function.name for function in functions if not function.name.startswith("_")]
    if public != [path.parent.name]:
        yield f"{path}: defines {public}, not just {path.parent.name!r}"
    for module, line in imports(tree):
        if not any(f"{module}.".startswith(f"{allowed}.") for allowed in ENTRY_POINT_IMPORTS):
            yield f"{path}:{line}: imports {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Try | ast.If | ast.For | ast.While):
            yield f"{path}:{node.lineno}: holds logic"


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each imported thing's full name and line; of `from a import b` it is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def breaches(rule: Rule, path: Path, *, shown_as: Path | None = None) -> list[str]:
    """Apply a rule to a file; `shown_as` is how the rule sees its path."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    return list(rule(shown_as or path, tree))
