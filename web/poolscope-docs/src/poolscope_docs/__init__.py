"""From a ``poolscope`` fence to the HTML of a page: the element ``<pool-scope>`` around a picture of the same run.

The HTML comes from the command ``poolscope``. Without the command, the scenarios of this package can still be used as they are,
since their HTML is part of it.
"""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).parent
#: Holds the folder ``poolscope``: what a site serves.
STATIC = _HERE / "static"
#: The scenarios that come along, and their HTML: ``<name>.<language>.html``.
SCENARIOS = _HERE / "scenarios"
PICTURES = _HERE / "pictures"
SCRIPT = "poolscope/pool-scope.js"
STYLE = "poolscope/poolscope.css"

_NAME = re.compile(r"""^\s*scenario\s*=\s*(["'])([\w-]+)\1\s*$""", re.MULTILINE)


class PoolscopeError(Exception):
    """Everything that is wrong with a fence: for each mistake a line ``file:line:column: reason``, and a hint."""


@dataclass(frozen=True)
class Renderer:
    """How fences are rendered."""

    #: The folder of the scenarios that fences name; a scenario that is not in it may be one of this package.
    scenarios: Path = Path("scenarios")
    #: The program.
    command: str = "poolscope"
    #: ``en`` or ``zh-CN``.
    language: str = "en"

    def html(self, fence: str, origin: str) -> str:
        """The HTML of a fence, on one line. ``origin`` is ``file:line`` of its first line, for messages."""
        named = _NAME.search(fence)
        name = named[2] if named else ""
        known = names() | {file.stem for file in self.scenarios.glob("*.toml")}
        if named and name not in known:
            page, _, line = origin.rpartition(":")
            at = int(line) + fence[: named.start(2)].count("\n")
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else "the scenarios are " + ", ".join(sorted(known))
            raise PoolscopeError(f"{page}:{at}:1: there is no scenario `{name}`\n  hint: {hint}")
        is_shipped = (SCENARIOS / f"{name}.toml").is_file() and not (self.scenarios / f"{name}.toml").is_file()
        if is_shipped and named and fence.strip() == named[0].strip():
            language = "zh-CN" if self.language.startswith("zh") else "en"
            return (PICTURES / f"{name}.{language}.html").read_text(encoding="utf-8").strip()
        command = shutil.which(self.command)
        if command is None:
            raise PoolscopeError(
                f"{origin}:1: there is no program `{self.command}` to draw this with\n"
                "  hint: `cargo install poolscope-cli`; without it, a fence can only be `scenario = \"NAME\"` with one of "
                + ", ".join(sorted(names()))
            )
        folder = SCENARIOS if is_shipped else self.scenarios
        result = subprocess.run(
            [command, "embed", "-", f"--scenarios={folder}", f"--lang={self.language}", f"--origin={origin}"],
            input=fence,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if result.returncode != 0:
            raise PoolscopeError(result.stderr.strip() or f"{origin}: `{self.command}` ended with {result.returncode}")
        return result.stdout.strip()


def names() -> set[str]:
    """The scenarios of this package."""
    return {file.stem for file in SCENARIOS.glob("*.toml")}
