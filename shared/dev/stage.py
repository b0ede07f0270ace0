"""`stage`: writes what each function deploys into `build/functions/<name>/`."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.dev.environment import REPOSITORY
from shared.dev.staging import Deployment, Stager, StagingProblem


def main(argv: Sequence[str]) -> int:
    """Stage every function, one line each with its fingerprint; 1 when one can't be staged."""
    parser = argparse.ArgumentParser(prog="python3 -m shared.dev stage", description=__doc__)
    parser.parse_args(argv)
    try:
        stage(REPOSITORY)
    except StagingProblem as problem:
        print(f"atende: {problem}", file=sys.stderr)
        return 1
    return 0


def stage(root: Path) -> list[Deployment]:
    """Write every function of the checkout at `root`; what is there and not staged goes.

    Raises:
        StagingProblem: A function imports what is not there; nothing was written.
    """
    stager = Stager(root)
    target = root / "build" / "functions"
    deployments = [stager.plan(name) for name in stager.names()]
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        if entry.name not in {each.name for each in deployments}:
            _remove(entry)
    for deployment in deployments:
        write(deployment, target / deployment.name)
        modules = sum(path.endswith(".py") for path in deployment.files)
        print(f"{deployment.name:9} sha256:{deployment.fingerprint}  {modules} modules")
    return deployments


def write(deployment: Deployment, folder: Path) -> None:
    """Make `folder` hold exactly the deployment's files, leaving alone those that are right."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {folder / path: content for path, content in deployment.files.items()}
    folders = {parent for path in wanted for parent in path.parents}
    for entry in sorted(folder.rglob("*"), reverse=True):
        if entry not in (folders if entry.is_dir() and not entry.is_symlink() else wanted):
            _remove(entry)
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
