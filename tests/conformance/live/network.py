"""A device between the application and the server that cuts connections."""

import select
import socket
import struct
import threading
import time

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST.


class Device:
    """Forwards, and cuts what has been idle for too long, or what it is told to."""

    def __init__(self, target, idle_s, how):
        self.target, self.idle_s, self.how = target, idle_s, how
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.paths = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            path = Path(client, socket.create_connection(self.target), self.idle_s, self.how)
            self.paths.append(path)
            threading.Thread(target=path.forward, daemon=True).start()

    def cut(self, number):
        """From now on nothing passes, on one of them in the order of their opening, or on any."""
        for path in self.paths if number is None else self.paths[number - 1 : number]:
            path.cut()


class Path:
    def __init__(self, client, server, idle_s, how):
        self.client, self.server, self.idle_s, self.how = client, server, idle_s, how
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stop, self.stopped = socket.socketpair()

    def cut(self):
        self.stop.send(b"x")

    def forward(self):
        last = time.monotonic()
        while True:
            left = None if self.idle_s is None else max(0, last + self.idle_s - time.monotonic())
            ready, _, _ = select.select([self.client, self.server, self.stopped], [], [], left)
            if self.stopped in ready:
                return self.drop()
            if not ready:
                return {"drop": self.drop, "reset": self.reset, "close": self.close}[self.how]()
            for end in ready:
                try:
                    data = end.recv(1 << 16)
                    (self.server if end is self.client else self.client).sendall(data)
                except OSError:
                    data = b""
                if not data:
                    return self.close()
            last = time.monotonic()

    def close(self):
        self.client.close()
        self.server.close()

    def drop(self):
        """Both ends stay open, and hear nothing of each other."""
        threading.Event().wait()

    def reset(self):
        select.select([self.client], [], [])
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.client.close()
        threading.Event().wait()
