"""What one function's deployment consists of: its entry point, its part of `shared/`, its lock."""

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.dev.distributions import module_index, providers
from shared.dev.imports import Import, Source, read_source
from shared.dev.lockfile import Pin, cut, read_lock

ALWAYS = "functions-framework"


class StagingProblem(Exception):
    """A function can't be staged; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The files of one function by their path in its folder, in bytes."""

    name: str
    files: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over paths and contents: the same input gives the same digits."""
        total = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            total.update(f"{path}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()


class Stager:
    """Plans the deployments of one checkout."""

    def __init__(self, root: Path) -> None:
        """Read the lock of the checkout at `root`."""
        self._root = root
        self._pins: Mapping[str, Pin] = read_lock(root / "requirements.txt")
        self._index = module_index(self._pins)
        self._sources: dict[Path, Source] = {}

    def names(self) -> list[str]:
        """Return the functions of the checkout."""
        return sorted(path.parent.name for path in self._root.glob("functions/*/main.py"))

    def plan(self, name: str) -> Deployment:
        """Gather what the function `name` needs.

        Raises:
            StagingProblem: It imports what neither the checkout nor the lock has.
        """
        entry = self._root / "functions" / name / "main.py"
        modules = self._reachable(entry)
        files = {str(path.relative_to(self._root)): path.read_bytes() for path in modules - {entry}}
        files |= {str(path.relative_to(self._root)): path.read_bytes() for path in self._data(modules)}
        files["main.py"] = entry.read_bytes()
        files["requirements.txt"] = self._requirements(modules).encode()
        return Deployment(name, files)

    def _source(self, path: Path) -> Source:
        if path not in self._sources:
            try:
                self._sources[path] = read_source(path)
            except SyntaxError as error:
                raise StagingProblem(str(error)) from error
        return self._sources[path]

    def _reachable(self, entry: Path) -> set[Path]:
        """Follow the imports of `shared` from `entry`, through the packages above each module."""
        found: set[Path] = set()
        waiting = {entry}
        while waiting:
            path = waiting.pop()
            found.add(path)
            for each in self._source(path).imports:
                if each.module.partition(".")[0] == "shared":
                    waiting |= self._imported_files(each, path) - found
        return found

    def _imported_files(self, what: Import, importer: Path) -> set[Path]:
        """Return the files that an import of ours runs: the module's, and the packages' above it."""
        submodule = self._file(f"{what.module}.{what.name}") if what.name else None
        module = self._file(what.module)
        if module is None or (what.name and not submodule and what.name not in self._source(module).names):
            where = importer.relative_to(self._root)
            raise StagingProblem(
                f"{where} imports {what.name or what.module}, which {what.module} doesn't have"
            )
        parts = what.module.split(".")
        above = {self._file(".".join(parts[:length])) for length in range(1, len(parts) + 1)}
        return {file for file in above | {submodule} if file is not None}

    def _file(self, module: str) -> Path | None:
        place = self._root.joinpath(*module.split("."))
        files = (place / "__init__.py", place.with_suffix(".py"))
        return next((file for file in files if file.is_file()), None)

    def _data(self, modules: set[Path]) -> Iterable[Path]:
        """Yield the data files in packages that are needed, and those that a needed module names."""
        texts = {constant for path in modules for constant in self._source(path).constants}
        for path in sorted((self._root / "shared").rglob("*")):
            if path.is_dir() or path.suffix in {".py", ".pyc"}:
                continue
            if path.parent / "__init__.py" in modules or texts & _spellings(path.relative_to(self._root)):
                yield path

    def _requirements(self, modules: set[Path]) -> str:
        needed = {ALWAYS}
        for path in modules:
            needed |= self._third_parties(path)
        return cut(self._pins, needed)

    def _third_parties(self, path: Path) -> set[str]:
        found: set[str] = set()
        for each in self._source(path).imports:
            if each.module.partition(".")[0] in sys.stdlib_module_names | {"shared"}:
                continue
            owners = providers(f"{each.module}.{each.name}", self._index)
            if not owners:
                where = path.relative_to(self._root)
                raise StagingProblem(f"{where} imports {each.module}, which requirements.txt doesn't bring")
            found |= owners
        return found


def _spellings(data: Path) -> set[str]:
    """Return how code may name a data file: its name, or its folder in one of three ways."""
    folder = data.parent
    return {data.name, folder.name, str(folder), ".".join(folder.parts)}
