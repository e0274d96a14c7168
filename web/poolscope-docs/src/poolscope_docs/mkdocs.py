"""The MkDocs plugin ``poolscope``: fences in pages, and the widget in the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from . import SCRIPT, STATIC, STYLE
from .markdown import PoolscopeExtension


class _Options(Config):
    scenarios = config_options.Type(str, default="scenarios")
    command = config_options.Type(str, default="poolscope")
    language = config_options.Optional(config_options.Type(str))


class PoolscopePlugin(BasePlugin[_Options]):
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        options = self.config
        language = options.language or _language_of(config)
        root = Path(config.config_file_path or ".").parent
        self.extension = PoolscopeExtension(
            scenarios=str(root / options.scenarios), command=options.command, language=language
        )
        self.extension.error = PluginError
        config.markdown_extensions.append(self.extension)
        script = config_options.ExtraScriptValue(SCRIPT)
        script.type = "module"
        config.extra_javascript.append(script)
        config.extra_css.append(STYLE)
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        for file in sorted(STATIC.rglob("*")):
            if file.is_file():
                name = file.relative_to(STATIC).as_posix()
                files.append(File.generated(config, name, abs_src_path=str(file)))
        return files

    def on_page_markdown(self, markdown: str, page: Page, **_: Any) -> str:
        # The front matter is gone already; messages count lines as the file has them.
        before = page.file.content_string.count("\n") - markdown.count("\n")
        self.extension.origin = (page.file.abs_src_path or page.file.src_uri, max(before, 0))
        return markdown

    def on_page_content(self, html: str, **_: Any) -> str:
        self.extension.origin = ("<markdown>", 0)
        return html


def _language_of(config: MkDocsConfig) -> str:
    theme = config.theme.get("language", "en")
    return "zh-CN" if str(theme).startswith("zh") else "en"
