"""Runs every Python and SQL snippet of the book as it is printed, with the real SQLAlchemy, the real frameworks and a real server.

Started with any Python; makes the virtual environment it needs in the user's cache directory.
"""

import os
import pathlib
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent


def enter_environment():
    requirements = (HERE / "requirements.txt").read_text()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "poolscope"
    folder = cache / "venv-snippets"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not (stamp.exists() and stamp.read_text() == requirements):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        stamp.write_text(requirements)
    if pathlib.Path(sys.prefix).resolve() != folder.resolve():
        os.execv(python, [str(python), str(HERE / "run.py")])


def main():
    enter_environment()
    import book
    import checks
    import reproduction
    import server

    passed, failed = 0, []

    def case(name, run):
        nonlocal passed
        try:
            run()
            passed += 1
        except Exception:
            failed.append(name)
            print(f"FAILED {name}\n{traceback.format_exc(limit=-4)}")

    with server.running() as port:
        used = set()
        for fence in book.fences("en"):
            if fence.kind == "python":
                used.add((fence.page, fence.number))
                case(str(fence), lambda: checks.python(fence, port))
            elif fence.kind in ("sql", "ini"):
                case(str(fence), lambda: getattr(checks, fence.kind)(fence, port))
        for key in checks.PYTHON.keys() - used:
            case(f"{key[0]}, Python snippet {key[1]}", lambda: checks.gone(key))
        case("the script of a run", lambda: reproduction.run(port))
    # The Chinese edition differs in comments only; `cargo xtask tidy` sees to the rest.
    for fence in book.fences("zh-CN"):
        if fence.kind == "python":
            case(str(fence), lambda: compile(fence.text, str(fence), "exec"))
    print(f"snippets passed={passed} failed={len(failed)}")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
