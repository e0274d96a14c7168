"""The script that a reader takes along from a run: on a real server it must come to what the simulator says."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(port):
    command = os.environ.get("POOLSCOPE")
    assert command, "POOLSCOPE does not say where the command is; run `cargo xtask test --only snippets`"
    scenario = HERE / "reproduction.toml"
    script = subprocess.run([command, "run", scenario, "--format", "python"], check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "reproduction.py"
        file.write_bytes(script)
        url = f"mysql+pymysql://user:password@127.0.0.1:{port}/shop"
        done = subprocess.run([sys.executable, file, url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    said = dict(re.findall(r"^(simulated|here): +(.*)$", done.stdout, re.MULTILINE))
    assert said["simulated"] == said["here"] and "2006" in said["here"] and "2013" in said["here"], done.stdout
    assert "OperationalError" in done.stdout, done.stdout
