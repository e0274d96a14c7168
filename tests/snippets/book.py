"""The fences of the book."""

import pathlib
import re
from collections import defaultdict
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2] / "book"


@dataclass(frozen=True)
class Fence:
    edition: str
    page: str
    kind: str
    # Among those of its kind on the page, from 0.
    number: int
    line: int
    text: str
    # The last line of prose above it.
    before: str

    def __str__(self):
        return f"book/{self.edition}/src/{self.page}.md:{self.line}"


def fences(edition):
    for path in sorted((ROOT / edition / "src").glob("*.md")):
        seen = defaultdict(int)
        kind, before = None, ""
        for line, text in enumerate(path.read_text().splitlines(), 1):
            bare = re.sub(r"^(> ?|- )+", "", text)
            opening = re.match(r" *```(\w*)", bare)
            if opening and kind is None:
                kind, start, indent, body = opening[1], line, len(bare) - len(bare.lstrip()), []
            elif opening:
                yield Fence(edition, path.stem, kind, seen[kind], start, "\n".join(body) + "\n", before)
                seen[kind] += 1
                kind = None
            elif kind is not None:
                body.append(bare[indent:])
            elif bare.strip():
                before = bare
