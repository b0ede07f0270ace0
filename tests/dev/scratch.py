"""A scratch checkout with locks of tiny local packages: pip is real, the network is not needed."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

ENTER = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from shared.dev.environment import Environment, EnvironmentProblem, Lock
try:
    Environment(Path(sys.argv[1])).enter(Lock(sys.argv[2]), ["-c", sys.argv[3]])
except EnvironmentProblem as problem:
    sys.exit(f"problem: {{problem}}")
exec(sys.argv[3])
"""


def write_wheel(folder: Path, name: str, version: str, *, modules: int = 1) -> str:
    """Write a wheel of `modules` modules, the first with its version; return its lock lines.

    Its metadata comes first: pip unpacks in this order, and takes what has some for installed.
    """
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
    }
    files |= {f"{name}/part{number}.py": f"PART = {number}\n" for number in range(1, modules)}
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n    # via atende (pyproject.toml)\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Scratch:
    """A checkout at `root` whose packages come from `wheels`."""

    root: Path
    wheels: Path
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def lock(self, *, runtime: str, tools: str = "") -> None:
        """Write the runtime lock, and the development lock that holds `tools` besides."""
        (self.root / "requirements.txt").write_text(runtime)
        (self.root / "shared/dev/development.lock").write_text(runtime + tools)

    def start(self, code: str, *, lock: str = "runtime") -> "subprocess.Popen[str]":
        """Start a first-or-later call that needs `lock` and then runs `code` inside."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        environ |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        process = subprocess.Popen(
            [sys.executable, "-c", ENTER.format(project=str(PROJECT)), str(self.root), lock, code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
            cwd=self.root,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def call(self, code: str, *, lock: str = "runtime") -> subprocess.CompletedProcess[str]:
        """Start such a call and wait for its end."""
        process = self.start(code, lock=lock)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
