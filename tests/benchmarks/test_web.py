"""Answers are read as every client of HTTP reads them."""

import socket
import threading
from contextlib import contextmanager

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks.web import (
    Address,
    Answer,
    Request,
    exchange,
)


class TestExchange(BaseCase):
    """A server of one request."""

    @contextmanager
    def serve(self, *parts, hangs_up):
        """
        :param hangs_up: after the answer; otherwise only when the client has
        """
        with socket.create_server(("127.0.0.1", 0)) as listener:
            values = [listener, parts, hangs_up]
            server = threading.Thread(target=self._answer, args=values)
            server.start()
            yield Address(*listener.getsockname())
            server.join()

    def _answer(self, listener, parts, hangs_up):
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            for part in parts:
                connection.sendall(part)
            if not hangs_up:
                connection.recv(65536)

    def test_the_client_hangs_up_first_when_the_answer_is_complete(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
        with self.serve(head, b"bo", b"dy", hangs_up=False) as address:
            self.assertEqual(exchange(address, Request("/")), Answer(200, b"body"))

    def test_without_a_length_the_answer_ends_with_the_connection(self):
        head = b"HTTP/1.0 404 Not Found\r\n\r\n"
        with self.serve(head, b"body", hangs_up=True) as address:
            self.assertEqual(exchange(address, Request("/")), Answer(404, b"body"))
