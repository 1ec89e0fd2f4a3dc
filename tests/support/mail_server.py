"""An SMTP server of ours (RFC 5321): takes mail as a relay does, with TLS and sign-in, and refuses on demand."""

from __future__ import annotations

import base64
import email
import socketserver
import ssl
import threading
from collections import deque
from email.message import EmailMessage
from email.policy import default
from typing import Any


class MailServer:
    """Runs on 127.0.0.1 while used as a context manager; `taken` is (recipients, message) of all that was accepted.

    `answers` are replies to the next RCPT commands instead of 250. With `tls` it offers STARTTLS; with `user` a sign-in is
    asked for.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, user: str = "", password: str = "") -> None:
        self.tls, self.user, self.password = tls, user, password
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.answers: deque[str] = deque()
        self.was_encrypted = False
        mail_server = self

        class Session(_Session):
            owner = mail_server

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> MailServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    owner: MailServer

    def handle(self) -> None:
        self.signed_in, self.to = not self.owner.user, list[str]()
        self.say("220 mail.test ESMTP")
        while line := self.rfile.readline().decode("latin-1").strip():
            verb, _, rest = line.partition(" ")
            answer: Any = getattr(self, f"on_{verb.lower()}", lambda _rest: self.say("502 unknown"))
            if answer(rest) == "quit":
                return

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def on_ehlo(self, _rest: str) -> None:
        offers = ["STARTTLS"] if self.owner.tls and not isinstance(self.request, ssl.SSLSocket) else []
        offers += ["AUTH PLAIN"] if self.owner.user else []
        self.say("250-mail.test", *(f"250-{one}" for one in offers), "250 SMTPUTF8")

    def on_starttls(self, _rest: str) -> None:
        assert self.owner.tls is not None
        self.say("220 go ahead")
        self.request = self.connection = self.owner.tls.wrap_socket(self.request, server_side=True)
        self.setup()
        self.owner.was_encrypted = True

    def on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split()[-1]).decode().split("\0")
        self.signed_in = (user, password) == (self.owner.user, self.owner.password)
        self.say("235 welcome" if self.signed_in else "535 wrong password")

    def on_mail(self, _rest: str) -> None:
        self.to = []
        self.say("250 ok" if self.signed_in else "530 sign in first")

    def on_rcpt(self, rest: str) -> None:
        answer = self.owner.answers.popleft() if self.owner.answers else "250 ok"
        if answer.startswith("250"):
            self.to.append(rest.partition("<")[2].partition(">")[0])
        self.say(answer)

    def on_data(self, _rest: str) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=default)
        self.owner.taken.append((self.to, message))
        self.say("250 taken")

    def on_rset(self, _rest: str) -> None:
        self.say("250 ok")

    def on_quit(self, _rest: str) -> str:
        self.say("221 bye")
        return "quit"
