"""A server of our own for one run of the tests, in a folder that goes with it."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pymysql


def program(*names):
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")
        if found:
            return found
    raise SystemExit(f"error: {' or '.join(names)} is not installed (Debian: mariadb-server)")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running():
    """Yields the port. User `user`, password `password`, database `shop`, as the book has them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="poolscope-snippets-"))
    port = free_port()
    try:
        install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={folder}/data", "--skip-test-db", f"--tmpdir={folder}"]
        subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        options = [f"--datadir={folder}/data", f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1", f"--tmpdir={folder}"]
        small = ["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--skip-log-bin", "--user=root"]
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen([program("mariadbd", "mysqld"), "--no-defaults", *options, *small], stderr=log, stdout=log)
        try:
            root = connected(server, folder, dict(unix_socket=f"{folder}/s", user="root"))
            with root.cursor() as cursor:
                cursor.execute("CREATE DATABASE shop")
                cursor.execute("CREATE USER 'user'@'127.0.0.1' IDENTIFIED BY 'password'")
                cursor.execute("GRANT ALL ON *.* TO 'user'@'127.0.0.1'")
                cursor.execute("CREATE TABLE shop.cart (id INT PRIMARY KEY, item VARCHAR(20))")
                cursor.execute("INSERT INTO shop.cart VALUES (1, 'tea')")
                cursor.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, item VARCHAR(20))")
            root.close()
            yield port
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connected(server, folder, how):
    for _ in range(300):
        if server.poll() is not None:
            break
        with contextlib.suppress(pymysql.err.OperationalError):
            return pymysql.connect(**how)
        time.sleep(0.1)
    raise SystemExit("error: the server does not start\n" + (folder / "log").read_text(errors="replace")[-2000:])
