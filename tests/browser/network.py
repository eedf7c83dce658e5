"""A bad network between a phone and the site: off for a while, or cut in the middle of what is sent."""

import random
import socket
import threading
from contextlib import closing, suppress


class Network:
    """Passes connections on to `port`. `off` closes whatever comes and what there is; `cuts` breaks that many
    connections, each after some bytes from the phone.
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._open: set[socket.socket] = set()
        self.off = False
        self.cuts = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://localhost:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def breaks(self) -> None:
        """Away, with everything that was under way."""
        self.off = True
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def returns(self) -> None:
        self.off = False

    def close(self) -> None:
        self.breaks()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                phone, _address = self._listening.accept()
                if self.off:
                    phone.close()
                else:
                    threading.Thread(target=self._pass_on, args=(phone,), daemon=True).start()

    def _pass_on(self, phone: socket.socket) -> None:
        with closing(phone), closing(socket.create_connection(("127.0.0.1", self._port))) as site:
            self._open |= {phone, site}
            back = threading.Thread(target=self._copy, args=(site, phone), daemon=True)
            back.start()
            self._copy(phone, site, may_cut=True)
            back.join(30)
            self._open -= {phone, site}

    def _copy(self, source: socket.socket, target: socket.socket, may_cut: bool = False) -> None:
        left = self._random.randrange(2_000, 150_000) if may_cut else None
        with suppress(OSError):
            while data := source.recv(16_384):
                if left is not None and self.cuts > 0:
                    left -= len(data)
                    if left <= 0:
                        self.cuts -= 1
                        target.sendall(data[: max(0, left + len(data))])
                        source.shutdown(socket.SHUT_RDWR)
                        break
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
