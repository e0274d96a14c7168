"""From a ``poolscope`` fence to the HTML of a page: the element ``<pool-scope>`` around a picture of the same run.

The HTML comes from the command ``poolscope``. Without the command, the scenarios of this package can still be used as they are,
since their HTML is part of it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__version__ = "0.1.0"

_HERE = Path(__file__).parent
#: Holds the folder ``poolscope``: what a site serves.
STATIC = _HERE / "static"
#: The HTML of the scenarios that come along: ``<name>.<language>.html``.
PICTURES = _HERE / "pictures"
SCRIPT = "poolscope/pool-scope.js"
STYLE = "poolscope/poolscope.css"

_ONLY_A_NAME = re.compile(r"""\s*scenario\s*=\s*(["'])([\w-]+)\1\s*""")


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
        shipped = self._shipped(fence)
        if shipped is not None:
            return shipped
        command = shutil.which(self.command)
        if command is None:
            raise PoolscopeError(
                f"{origin}:1: there is no program `{self.command}` to draw this with\n"
                "  hint: `cargo install poolscope-cli`; without it, a fence can only be `scenario = \"NAME\"` with one of "
                + ", ".join(sorted(names()))
            )
        # A file name on the command line, not the fence: nobody's text becomes an option.
        result = subprocess.run(
            [command, "embed", "-", f"--scenarios={self.scenarios}", f"--lang={self.language}", f"--origin={origin}"],
            input=fence,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if result.returncode != 0:
            raise PoolscopeError(result.stderr.strip() or f"{origin}: `{self.command}` ended with {result.returncode}")
        return result.stdout.strip()

    def _shipped(self, fence: str) -> str | None:
        match = _ONLY_A_NAME.fullmatch(fence)
        if match is None or (self.scenarios / f"{match[2]}.toml").is_file():
            return None
        language = "zh-CN" if self.language.startswith("zh") else "en"
        picture = PICTURES / f"{match[2]}.{language}.html"
        return picture.read_text(encoding="utf-8").strip() if picture.is_file() else None


def names() -> set[str]:
    """The scenarios of this package."""
    return {file.name.split(".", 1)[0] for file in PICTURES.glob("*.html")}
