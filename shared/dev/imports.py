"""What a Python file imports, read from its syntax tree: nothing is executed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    """One imported thing: `import a.b` has no `name`; of `from a.b import c` it is `c`.

    Only the file system tells whether such a `c` is a module or something in one.
    """

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One file's imports, the names that it binds, and its text constants without docstrings.

    Imports inside functions count; what stands under `if TYPE_CHECKING:` doesn't, as it never
    happens.
    """

    imports: frozenset[Import]
    names: frozenset[str]
    constants: frozenset[str]


def read_source(path: Path) -> Source:
    """Parse the file at `path`.

    Raises:
        SyntaxError: It is not Python, or it imports relatively, which this repository doesn't.
    """
    tree = ast.parse(path.read_bytes(), filename=str(path))
    nodes = list(_executed(tree))
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    constants = (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in prose)
    return Source(
        imports=frozenset(found for node in nodes for found in _imported(node, path)),
        names=frozenset(name for node in nodes for name in _bound(node)),
        constants=frozenset(constant.value for constant in constants if isinstance(constant.value, str)),
    )


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree without the bodies of `if TYPE_CHECKING:`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield from _executed(other)
        else:
            yield from _executed(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _imported(node: ast.AST, path: Path) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        if node.module is None or node.level:
            raise SyntaxError(f"{path}:{node.lineno}: a relative import")
        yield from (Import(node.module, alias.name) for alias in node.names)


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)
