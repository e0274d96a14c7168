"""Throw-away servers: their own data folder, port and socket, gone when the run is."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time

import pymysql

# Sessions on this port do not count towards max_connections: here the run looks at the server.
ADMIN = {"mariadb": "extra-port", "mysql": "admin-port"}
SMALL = {
    "mariadb": [
        "--extra-max-connections=50",
        "--innodb-buffer-pool-size=8M",
        "--innodb-log-file-size=4M",
        "--key-buffer-size=16K",
        "--aria-pagecache-buffer-size=1M",
    ],
    "mysql": [
        "--admin-address=127.0.0.1",
        "--innodb-buffer-pool-size=16M",
        "--innodb-redo-log-capacity=8M",
        "--disable-log-bin",
        "--mysqlx=OFF",
        "--innodb-flush-method=nosync",
        "--performance-schema=OFF",
        "--secure-file-priv=NULL",
    ],
}
# The server finds /proc in the other file system, for as long as it runs.
INTO_ROOT = 'mount --bind /proc "$0/proc" && exec chroot "$0" "$@"'
START_SECONDS_MAX = 180
# What a start takes at least: a restart begins so much before the server should be back.
START_SECONDS = {"mariadb": 0.5, "mysql": 0.5}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def die_with_parent():
    """Linux: no server outlives the run, however the run ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def hurry(thread):
    """Lets a thread, and those that it starts from now on, go before whatever else this machine does."""
    try:
        os.sched_setscheduler(thread, os.SCHED_RR, os.sched_param(1))
        return True
    except (PermissionError, ProcessLookupError):
        return False


class Installation:
    """A server program and a data folder to copy; `root` is a file system to run it in."""

    def __init__(self, kind, folder, root=""):
        self.kind, self.root = kind, root
        self.folder = root + folder
        self.inside = folder
        self.prefix = ["unshare", "--mount", "sh", "-c", INTO_ROOT, root] if root else []
        shutil.rmtree(self.folder, ignore_errors=True)
        # Not /tmp: a server that starts removes what it takes for leftovers there, also of one that is being installed.
        os.makedirs(self.folder + "/tmp")
        template = folder + "/template"
        user = "--user=" + ("root" if os.getuid() == 0 else os.environ.get("USER", "mysql"))
        if kind == "mariadb":
            command = ["mariadb-install-db", "--no-defaults", "--datadir=" + template, "--skip-test-db", user]
            command += ["--auth-root-authentication-method=normal", "--innodb-log-file-size=4M"]
        else:
            command = [self.program(), "--no-defaults", "--datadir=" + template, "--initialize-insecure", user]
            command += ["--innodb-redo-log-capacity=8M"]
        command += [f"--tmpdir={folder}/tmp"]
        self.user = user
        done = subprocess.run(self.prefix + command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{command[0]} failed:\n{done.stdout[-2000:]}")
        self.version = subprocess.run(self.prefix + [self.program(), "--version"], capture_output=True, text=True).stdout.split("Ver ")[1].split(" ")[0]
        self.servers = 0

    def program(self):
        return {"mariadb": "mariadbd", "mysql": "mysqld"}[self.kind]

    def server(self, variables):
        self.servers += 1
        return Server(self, f"server-{self.servers}", variables)


class Server:
    def __init__(self, installation, name, variables):
        self.installation = installation
        inside, outside = installation.inside + "/" + name, installation.folder + "/" + name
        shutil.copytree(installation.folder + "/template", outside + "/data")
        os.makedirs(outside + "/tmp")
        self.port, self.admin_port = free_port(), free_port()
        self.socket = outside + "/sock"
        self.log = outside + "/log"
        with open(outside + "/init.sql", "w") as f:
            f.write("CREATE USER IF NOT EXISTS 'monitor'@'%' IDENTIFIED BY 'monitor';\n")
            f.write("GRANT ALL ON *.* TO 'monitor'@'%' WITH GRANT OPTION;\n")
        kind = installation.kind
        self.command = installation.prefix + [installation.program(), "--no-defaults", installation.user]
        self.command += [f"--datadir={inside}/data", f"--socket={inside}/sock", f"--pid-file={inside}/pid", f"--tmpdir={inside}/tmp"]
        self.command += [f"--port={self.port}", f"--{ADMIN[kind]}={self.admin_port}", "--bind-address=127.0.0.1"]
        self.command += ["--innodb-fast-shutdown=2", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", f"--init-file={inside}/init.sql"]
        self.command += SMALL[kind] + [f"--{name.replace('_', '-')}={value}" for name, value in variables.items()]
        self.process = None

    def launch(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, preexec_fn=die_with_parent)
        with open(self.log + ".new", "w") as file:
            file.write(str(self.process.pid))
        os.replace(file.name, self.log + ".pid")

    def wait_until_up(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self.monitor().close()
                for thread in os.listdir(f"/proc/{self.process.pid}/task"):
                    hurry(int(thread))
                return
            except pymysql.Error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log, errors="replace") as log:
                        raise SystemExit(f"the server did not start:\n{log.read()[-3000:]}")
                time.sleep(0.05)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def stop(self):
        """A clean shutdown, as an operator does it. Whoever asks need not be the one who started the server, and so cannot wait for it."""
        self.signal(signal.SIGTERM)
        while self.is_running():
            time.sleep(0.01)

    def replace(self):
        """After a restart inside of a case: that server ends with the case, and may need a moment for it."""
        self.kill()
        with open(self.log + ".pid") as file:
            left = int(file.read())
        while self.is_running(left):
            time.sleep(0.01)
        for name in (self.socket, self.socket + ".lock"):
            if os.path.exists(name):
                os.remove(name)
        self.launch()
        self.wait_until_up()

    def is_running(self, pid=None):
        try:
            with open(f"/proc/{pid or self.process.pid}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def clear(self, variables):
        """As new, with other variables: no accounts or data of the case before, nobody connected."""
        with self.monitor() as monitor, monitor.cursor() as sql:
            for name, value in variables.items():
                # In MySQL the observer's session counts, although it came in by the door for administrators.
                observer = name == "max_connections" and self.installation.kind == "mysql"
                sql.execute(f"SET GLOBAL {name} = {value + observer}")
            deadline = time.monotonic() + START_SECONDS_MAX
            while time.monotonic() < deadline:
                sql.execute("SHOW PROCESSLIST")
                if not [row for row in sql.fetchall() if row[1] not in ("monitor", "event_scheduler", "system user")]:
                    break
                time.sleep(0.01)
            sql.execute("DROP DATABASE IF EXISTS shop")
            sql.execute("SELECT user FROM mysql.user WHERE host = '%' AND user <> 'monitor'")
            for (user,) in sql.fetchall():
                sql.execute(f"DROP USER '{user}'@'%'")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def monitor(self):
        return pymysql.connect(
            host="127.0.0.1",
            port=self.admin_port,
            user="monitor",
            password="monitor",
            autocommit=True,
            ssl_disabled=True,
            connect_timeout=5,
            init_command="SET SESSION wait_timeout = 28800",
        )
