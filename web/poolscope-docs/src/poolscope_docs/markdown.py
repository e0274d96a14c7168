"""The Python-Markdown extension ``poolscope``: fences with that word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from . import PoolscopeError, Renderer

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")


class PoolscopePreprocessor(Preprocessor):
    def __init__(self, md: Markdown, extension: PoolscopeExtension) -> None:
        super().__init__(md)
        self.extension = extension

    def run(self, lines: list[str]) -> list[str]:
        extension = self.extension
        page, offset = extension.origin
        written: list[str] = []
        mistakes: list[str] = []
        at = 0
        while at < len(lines):
            match = _FENCE.match(lines[at])
            if match is None:
                written.append(lines[at])
                at += 1
                continue
            end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], match["marks"])), len(lines))
            if match["info"].strip() == "poolscope":
                indent = match["indent"]
                body = "\n".join(line.removeprefix(indent) for line in lines[at + 1 : end]) + "\n"
                try:
                    html = extension.renderer().html(body, f"{page}:{at + 2 + offset}")
                    written += ["", indent + self.md.htmlStash.store(html), ""]
                except PoolscopeError as error:
                    mistakes.append(str(error))
            else:
                written += lines[at : end + 1]
            at = end + 1
        if mistakes:
            raise extension.error("\n".join(mistakes))
        return written


def _closes(line: str, marks: str) -> bool:
    text = line.strip()
    return len(text) >= len(marks) and set(text) == {marks[0]}


class PoolscopeExtension(Extension):
    def __init__(self, **options: Any) -> None:
        self.config = {
            "scenarios": ["scenarios", "The folder of the scenarios that fences name"],
            "command": ["poolscope", "The program that draws them"],
            "language": ["en", "en or zh-CN"],
        }
        #: The page that is being converted, and how many lines it has before its Markdown.
        self.origin: tuple[str, int] = ("<markdown>", 0)
        #: What is raised if a fence is wrong.
        self.error: type[Exception] = PoolscopeError
        super().__init__(**options)

    def renderer(self) -> Renderer:
        option = self.getConfig
        return Renderer(Path(option("scenarios")), option("command"), option("language"))

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the name is Python-Markdown's)
        # After whitespace is normal (30), before other fences (25) and raw HTML (20).
        md.preprocessors.register(PoolscopePreprocessor(md, self), "poolscope", 28)


def makeExtension(**options: Any) -> PoolscopeExtension:  # noqa: N802
    return PoolscopeExtension(**options)
