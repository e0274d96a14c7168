"""The Sphinx extension ``poolscope_docs.sphinx``: the directive ``poolscope``.

.. code-block:: rst

   .. poolscope:: recycle-above-wait-timeout
      :at: 25 s

      [set]
      "engine.pool_recycle" = 5
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import SCRIPT, STATIC, STYLE, PoolscopeError, Renderer, __version__


class PoolscopeNode(nodes.raw):
    """HTML; pages that hold one load the widget."""


class PoolscopeDirective(SphinxDirective):
    has_content = True
    optional_arguments = 1
    option_spec = {"at": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        config = self.config
        scenarios = Path(self.env.srcdir) / config.poolscope_scenarios
        self.env.note_dependency(str(scenarios))
        head = [f"scenario = {json.dumps(self.arguments[0])}"] if self.arguments else []
        if "at" in self.options:
            head.append(f"at = {json.dumps(self.options['at'])}")
        source, line = self.get_source_info()
        # Options take lines of their own, so that every mistake is told where the page has it.
        head += [""] * (self.content_offset + 1 - line - len(head)) if self.content else []
        renderer = Renderer(scenarios, config.poolscope_command, config.language or "en")
        try:
            html = renderer.html("\n".join([*head, *self.content]) + "\n", f"{source}:{line}")
        except PoolscopeError as error:
            raise self.error(str(error)) from None
        return [PoolscopeNode("", html, format="html")]


def _visit(translator: Any, node: PoolscopeNode) -> None:
    translator.visit_raw(node)


def _depart(_translator: Any, _node: PoolscopeNode) -> None:
    pass


def _add_static(app: Sphinx, _config: Any) -> None:
    app.config.html_static_path.append(str(STATIC))


def _add_widget(app: Sphinx, _page: str, _template: str, _context: Any, doctree: nodes.document | None) -> None:
    if doctree is not None and next(doctree.findall(PoolscopeNode), None) is not None:
        app.add_js_file(SCRIPT, type="module")
        app.add_css_file(STYLE)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("poolscope_scenarios", "scenarios", "env", [str])
    app.add_config_value("poolscope_command", "poolscope", "", [str])
    app.add_directive("poolscope", PoolscopeDirective)
    app.add_node(
        PoolscopeNode,
        **{
            builder: (_visit, _depart)
            for builder in ["html", "latex", "text", "man", "texinfo"]
        },
    )
    app.connect("config-inited", _add_static)
    app.connect("html-page-context", _add_widget)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
