"""Runs every Python and SQL snippet of the book as it is printed, with the real SQLAlchemy, the real frameworks and a real server: once
with each release of SQLAlchemy in requirements.txt.

Started with any Python; makes the virtual environments it needs in the user's cache directory. `run.py 1.4.54` runs one release only.
"""

import os
import pathlib
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = [line for line in (HERE / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
# By release of SQLAlchemy, what to install with it.
RELEASES = {line.split()[0].removeprefix("SQLAlchemy=="): line.split() for line in REQUIREMENTS if line.startswith("SQLAlchemy==")}


def environment(release):
    """The Python of the release's environment, which is made if need be."""
    wanted = [line for line in REQUIREMENTS if " " not in line] + RELEASES[release]
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "poolscope"
    folder = cache / f"venv-snippets-{release}"
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    if not (stamp.exists() and stamp.read_text().splitlines() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        stamp.write_text("\n".join(wanted))
    return python


def run_release():
    import sqlalchemy

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
            print(f"FAILED {name} (SQLAlchemy {sqlalchemy.__version__})\n{traceback.format_exc(limit=-4)}")

    with server.running() as port:
        used = set()
        for fence in book.fences("en"):
            if fence.kind == "python":
                used.add((fence.page, fence.number))
                if checks.is_for(fence, sqlalchemy.__version__):
                    case(str(fence), lambda: checks.python(fence, port))
            elif fence.kind in ("sql", "ini"):
                case(str(fence), lambda: getattr(checks, fence.kind)(fence, port))
        for key in (checks.PYTHON.keys() | checks.RELEASES.keys()) - used:
            case(f"{key[0]}, Python snippet {key[1]}", lambda: checks.gone(key))
        case("the script of a run", lambda: reproduction.run(port))
    # The Chinese edition differs in comments only; `cargo xtask tidy` sees to the rest.
    for fence in book.fences("zh-CN"):
        if fence.kind == "python":
            case(str(fence), lambda: compile(fence.text, str(fence), "exec"))
    print(f"snippets passed={passed} failed={len(failed)}")
    sys.exit(1 if failed or not passed else 0)


def main(releases):
    failed = False
    for release in releases:
        print(f"SQLAlchemy {release}", flush=True)
        python = environment(release)
        failed |= subprocess.run([python, str(HERE / "run.py"), "--here"]).returncode != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["--here"]:
        run_release()
    else:
        main(sys.argv[1:] or RELEASES)
