"""Which installed distribution a dotted module name comes from."""

import importlib.metadata
from collections import defaultdict
from collections.abc import Iterable, Mapping

from shared.dev.lockfile import canonical


def module_index(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Map every package and module that the distributions `names` install to who installs it.

    A distribution that is not installed here (its marker excludes this machine) adds nothing.
    """
    index: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for module in _modules(name):
            index[module].add(canonical(name))
    return {module: frozenset(owners) for module, owners in index.items()}


def providers(module: str, index: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return who provides `module`, by the longest prefix of it that is known; maybe nobody."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        owners = index.get(".".join(parts[:length]))
        if owners:
            return owners
    return frozenset()


def _modules(distribution: str) -> Iterable[str]:
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for file in files:
        if file.suffix in {".py", ".so"} and ".." not in file.parts:
            stem = file.name.partition(".")[0]
            yield ".".join([*file.parts[:-1], *([] if stem == "__init__" else [stem])])
