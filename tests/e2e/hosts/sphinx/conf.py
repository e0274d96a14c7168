project = "Handbook"
extensions = ["poolscope_docs.sphinx"]
html_theme = "furo"
html_favicon = "icon.svg"
exclude_patterns = ["_build"]
