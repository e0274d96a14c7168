project = "Handbook"
extensions = ["poolscope_docs.sphinx"]
html_theme = "furo"
exclude_patterns = ["_build"]
