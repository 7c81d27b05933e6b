"""The HTTP client, against servers that misbehave on purpose."""

import contextlib
import datetime
import gc
import ipaddress
import os
import socket
import ssl
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import http
from odoo.addons.crm_sms_gateway.providers.errors import (
    MaybeSent,
    NotSent,
    ProviderError,
    RouteDown,
)

from .common import OK, ScriptedServer, answer_and_hang_up, drip, hang_up, reset

LOGGER = "odoo.addons.crm_sms_gateway.providers.http"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
NO_PROXY = dict.fromkeys((*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES)), "")


class HttpClientCase(BaseCase):
    """Starts scripted servers and clients that do not wait long."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(os.environ, NO_PROXY))

    def serve(self, *answers, **options):
        return self.enterContext(ScriptedServer(*answers, **options))

    def make_client(self, **options):
        options = {"read_timeout": 5, "allows_private": True, **options}
        client = http.HttpClient(**options)
        self.addCleanup(client.close)
        return client

    def post(self, server, **options):
        return self.make_client(**options).post(server.url, body=b"question")

    def assert_fails(self, kind, server, text, **options):
        """The post fails like this, and says so."""
        with self.assertRaises(ProviderError) as caught:
            self.post(server, **options)
        self.assertIs(type(caught.exception), kind)
        self.assertEqual(caught.exception.message, text)


class TestHttpExchange(HttpClientCase):
    def test_post_sends_body_and_headers(self):
        server = self.serve(OK)
        client = self.make_client()
        url = f"{server.url}привет?q=a b"
        client.post(url, body=b"<xml/>", headers={"Content-Type": "text/xml"})
        [(head, body)] = server.requests
        self.assertEqual(body, b"<xml/>")
        quoted = "/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82?q=a%20b"
        self.assertTrue(head.startswith(f"POST {quoted} HTTP/1.1\r\n"), head)
        self.assertIn("Content-Type: text/xml\r\n", head)
        self.assertIn("Content-Length: 6\r\n", head)
        self.assertIn(f"Host: {server.name}\r\n", head)
        self.assertIn("User-Agent: crm_sms_gateway\r\n", head)

    def test_get_sends_no_body(self):
        server = self.serve(OK)
        self.assertEqual(self.make_client().request("GET", server.url).body, b"ok")
        [(head, body)] = server.requests
        self.assertTrue(head.startswith("GET / HTTP/1.1\r\n"), head)
        self.assertNotIn("Content-Length", head)
        self.assertEqual(body, b"")

    def test_answer_has_status_headers_and_body(self):
        server = self.serve(
            b"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nno!"
        )
        response = self.post(server)
        self.assertEqual(response.status, 429)
        self.assertEqual(response.headers["retry-after"], "7")
        self.assertEqual(response.body, b"no!")

    def test_chunked_answer_is_put_together(self):
        server = self.serve(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        self.assertEqual(self.post(server).body, b"abcde")

    def test_answer_without_length_ends_with_its_connection(self):
        def answer(connection):
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nthe end")
            return True

        self.assertEqual(self.post(self.serve(answer)).body, b"the end")

    def test_redirect_is_an_answer(self):
        server = self.serve(
            b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
        )
        self.assertEqual(self.post(server).status, 302)
        self.assertEqual(len(server.requests), 1)

    def test_threads_get_their_own_answers(self):
        def echo(connection):
            body = threading.current_thread().name.encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)

        server = self.serve(echo)
        client = self.make_client()
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _n: client.request("GET", server.url), range(80))
            )
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len(server.requests), 80)
        self.assertLessEqual(server.connections, 8)


class TestHttpPool(HttpClientCase):
    def test_connection_is_kept(self):
        server = self.serve(OK)
        client = self.make_client()
        client.request("GET", server.url)
        client.request("GET", server.url)
        self.assertEqual((len(server.requests), server.connections), (2, 1))

    def test_connection_that_the_server_closed_is_replaced(self):
        server = self.serve(answer_and_hang_up)
        client = self.make_client()
        client.request("GET", server.url)
        self.assertTrue(server.closed.wait(5))
        self.assertEqual(client.request("GET", server.url).body, b"ok")
        self.assertEqual(server.connections, 2)

    def test_connection_that_rested_too_long_is_replaced(self):
        server = self.serve(OK)
        client = self.make_client()
        client.request("GET", server.url)
        with patch.object(http, "MAX_IDLE", 0.0):
            client.request("GET", server.url)
        self.assertEqual(server.connections, 2)

    def test_connection_is_not_kept_against_the_servers_will(self):
        server = self.serve(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        client = self.make_client()
        client.request("GET", server.url)
        self.assertTrue(server.closed.wait(5))
        client.request("GET", server.url)
        self.assertEqual(server.connections, 2)

    def test_broken_exchange_ends_its_connection(self):
        server = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", OK)
        client = self.make_client(read_timeout=0.2)
        with self.assertRaises(MaybeSent):
            client.request("GET", server.url)
        self.assertEqual(client.request("GET", server.url).body, b"ok")
        self.assertEqual(server.connections, 2)

    def test_pool_is_limited(self):
        server = self.serve(OK)
        client = self.make_client(pool_size=0)
        client.request("GET", server.url)
        self.assertTrue(server.closed.wait(5))

    def test_no_connection_is_left_open(self):
        server = self.serve(answer_and_hang_up, OK, hang_up, OK, b"nonsense\r\n", OK)
        gc.collect()  # what others left open is not counted here
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            for pool_size in (16, 0):
                client = self.make_client(pool_size=pool_size)
                client.request("GET", server.url)
                server.closed.wait(5)
                for _ in range(5):
                    with contextlib.suppress(MaybeSent):
                        client.request("GET", server.url)
                client.close()
            gc.collect()
        self.assertEqual([str(warning.message) for warning in caught], [])

    def test_close_ends_resting_connections(self):
        server = self.serve(OK)
        client = self.make_client()
        client.request("GET", server.url)
        client.close()
        self.assertTrue(server.closed.wait(5))
        self.assertEqual(client.request("GET", server.url).body, b"ok")


class TestHttpNotSent(HttpClientCase):
    """Provably nothing left: the message may be tried again."""

    def test_refused_connection(self):
        server = self.serve(OK)
        server.__exit__()
        self.assert_fails(NotSent, server, f"{server.name} refused the connection")

    def test_unknown_host(self):
        server = self.serve(OK)
        with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "unknown")):
            self.assert_fails(
                NotSent,
                server,
                f"The host name of {server.name} could not be resolved. "
                "Check the provider URL.",
            )

    def test_connect_timeout(self):
        server = self.serve(OK)
        with patch("socket.create_connection", side_effect=TimeoutError):
            self.assert_fails(
                NotSent,
                server,
                f"Connection to {server.name} timed out after 0.5 s",
                connect_timeout=0.5,
            )

    def test_unreachable_network(self):
        server = self.serve(OK)
        unreachable = OSError(101, "Network is unreachable")
        with patch("socket.create_connection", side_effect=unreachable):
            self.assert_fails(
                NotSent,
                server,
                f"Connection to {server.name} failed: "
                "[Errno 101] Network is unreachable",
            )

    def test_connection_that_breaks_at_the_first_byte(self):
        server = self.serve(OK)
        with patch.object(socket.socket, "send", side_effect=BrokenPipeError):
            self.assert_fails(
                NotSent,
                server,
                f"Connection to {server.name} was lost before anything was sent",
            )


class TestHttpMaybeSent(HttpClientCase):
    """Bytes left and no whole answer came: nobody knows."""

    def assert_times_out(self, server, seconds):
        started = time.monotonic()
        self.assert_fails(
            MaybeSent,
            server,
            f"No complete response from {server.name} within {seconds:g} s",
            read_timeout=seconds,
        )
        self.assertLess(time.monotonic() - started, seconds + 2)

    def test_server_that_says_nothing(self):
        self.assert_times_out(self.serve(lambda _connection: False), 0.2)

    def test_server_that_drips_the_head_of_its_answer(self):
        self.assert_times_out(self.serve(drip(b"HTTP/1.1 200 OK" * 99, 0.05)), 0.3)

    def test_server_that_drips_its_answer(self):
        answer = b"HTTP/1.1 200 OK\r\n\r\n"

        def answer_slowly(connection):
            connection.sendall(answer)
            return drip(b"x" * 1000, 0.05)(connection)

        self.assert_times_out(self.serve(answer_slowly), 0.3)

    def test_server_that_does_not_read(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def wait(connection):
            release.wait(10)
            return connection

        server = self.serve(OK, wrap=wait)
        client = self.make_client(read_timeout=0.3)
        started = time.monotonic()
        with self.assertRaises(MaybeSent):
            client.post(server.url, body=b"x" * 50_000_000)
        self.assertLess(time.monotonic() - started, 3)

    def test_hanging_up(self):
        server = self.serve(hang_up)
        text = f"{server.name} closed the connection before responding"
        self.assert_fails(MaybeSent, server, text)

    def test_reset(self):
        server = self.serve(reset)
        text = f"{server.name} closed the connection before responding"
        self.assert_fails(MaybeSent, server, text)

    def test_hanging_up_within_the_answer(self):
        def cut_off(head):
            def answer(connection):
                connection.sendall(head + b"\r\nonly this")
                return True

            return answer

        heads = {
            "known length": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n",
            "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99",
        }
        for name, head in heads.items():
            with self.subTest(name):
                server = self.serve(cut_off(head))
                text = f"The response from {server.name} was cut off"
                self.assert_fails(MaybeSent, server, text)

    def test_too_large_answers(self):
        large = b"x" * 200
        answers = {
            "known length": b"Content-Length: 200\r\n\r\n" + large,
            "chunks": b"Transfer-Encoding: chunked\r\n\r\nc8\r\n" + large,
            "no length": b"\r\n" + large,
        }
        for name, answer in answers.items():
            with self.subTest(name):
                server = self.serve(b"HTTP/1.1 200 OK\r\n" + answer, hang_up)
                with patch.object(http, "_CHUNK", 64):
                    self.assert_fails(
                        MaybeSent,
                        server,
                        f"The response from {server.name} exceeds 100 bytes",
                        max_bytes=100,
                    )

    def test_largest_answer_allowed(self):
        server = self.serve(OK)
        self.assertEqual(self.post(server, max_bytes=2).body, b"ok")

    def test_answers_that_are_not_http(self):
        for answer in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n"):
            with self.subTest(answer):
                server = self.serve(answer)
                text = f"The response from {server.name} is not HTTP"
                self.assert_fails(MaybeSent, server, text)


class TestHttpRouteDown(HttpClientCase):
    """What no other try can mend."""

    def test_urls_that_are_none(self):
        for url in ("", "host", "ftp://host/", "file:///etc/passwd", "http://"):
            with self.subTest(url), self.assertRaises(RouteDown) as caught:
                self.make_client().request("GET", url)
            self.assertEqual(
                caught.exception.message,
                "The provider URL must start with http:// or https:// and contain a "
                "host name",
            )

    def test_urls_that_cannot_be_read(self):
        for url in ("http://host:99999/", "http://[::1/", "http://host:x/"):
            with self.subTest(url), self.assertRaises(RouteDown):
                self.make_client().request("GET", url)

    def test_header_with_a_line_break(self):
        server = self.serve(OK)
        with self.assertRaises(RouteDown) as caught:
            self.make_client().request(
                "GET", server.url, headers={"X-Key": "se\r\ncret"}
            )
        self.assertEqual(
            caught.exception.message,
            f"The request to {server.name} contains characters that HTTP does not "
            "allow in a header or path. Check the route's settings.",
        )
        self.assertEqual(server.requests, [])


class TestHttpSecrets(HttpClientCase):
    def test_secrets_show_neither_in_messages_nor_in_the_log(self):
        server = self.serve(hang_up)
        client = self.make_client(secrets=["s3cr/t", "", server.name])
        url = f"{server.url}s3cr%2Ft/s3cr/t/page?password=other"
        with self.assertLogs(LOGGER, "DEBUG") as log:
            with self.assertRaises(MaybeSent) as caught:
                client.post(url, body=b"s3cr/t body")
        [line] = log.output
        self.assertIn("POST http://***/***/***/page: *** closed the connection", line)
        for text in (line, str(caught.exception), repr(caught.exception), repr(client)):
            for secret in ("s3cr", "other", server.name):
                self.assertNotIn(secret, text)

    def test_log_has_one_line_without_contents(self):
        server = self.serve(OK)
        with self.assertLogs(LOGGER, "DEBUG") as log:
            response = self.make_client().post(server.url + "p", body=b"question")
        [line] = log.output
        self.assertRegex(line, rf"POST {server.url}p: 200, 2 bytes, \d+ ms$")
        self.assertNotIn("ok", repr(response))

    def test_login_in_the_url_is_not_logged(self):
        with self.assertLogs(LOGGER, "DEBUG") as log, self.assertRaises(RouteDown):
            self.make_client().request("GET", "http://me:secret@127.0.0.1:1/")
        self.assertNotIn("secret", log.output[0])


class TestHttpProxy(HttpClientCase):
    def test_http_goes_through_the_proxy(self):
        proxy = self.serve(OK)
        environment = {"http_proxy": f"http://me:p%40ss@{proxy.name}"}
        with patch.dict(os.environ, environment):
            self.make_client().request("GET", "http://gate.example/page")
        [(head, _body)] = proxy.requests
        self.assertTrue(head.startswith("GET http://gate.example:80/page HTTP/1.1"))
        self.assertIn("Proxy-Authorization: Basic bWU6cEBzcw==\r\n", head)

    def test_https_goes_through_a_tunnel(self):
        proxy = self.serve(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        with patch.dict(os.environ, {"https_proxy": proxy.name}):
            with self.assertRaises(NotSent) as caught:
                self.make_client().request("GET", "https://gate.example/page")
        [(head, _body)] = proxy.requests
        self.assertTrue(head.startswith("CONNECT gate.example:443 HTTP/1."), head)
        self.assertIn(
            f"gate.example:443 through the proxy {proxy.name} failed",
            caught.exception.message,
        )

    def test_excepted_hosts_are_reached_directly(self):
        server = self.serve(OK)
        environment = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"}
        with patch.dict(os.environ, environment):
            self.assertEqual(self.make_client().request("GET", server.url).body, b"ok")


class TestHttpReach(HttpClientCase):
    """Where a server stands is judged when it is connected to."""

    def lead(self, *addresses):
        """Let every name lead to these addresses, those of one look-up each."""
        answers = iter(addresses)
        resolve = socket.getaddrinfo

        def look_up(host, port, *args, **options):
            if host != "gate.example":
                return resolve(host, port, *args, **options)
            return [
                entry
                for address in next(answers)
                for entry in resolve(address, port, *args, **options)
            ]

        self.startPatcher(patch.object(socket, "getaddrinfo", look_up))

    def assert_not_called(self, url, text, **options):
        client = self.make_client(**{"allows_private": False, **options})
        with self.assertRaises(RouteDown) as caught:
            client.post(url, body=b"question")
        self.assertIn(text, caught.exception.message)

    def test_private_networks_are_called_where_it_is_allowed(self):
        server = self.serve(OK)
        self.assert_not_called(
            server.url, f"{server.name} is in a private network. A system administrator"
        )
        self.assertEqual(server.connections, 0)
        self.assertEqual(self.post(server, allows_private=True).body, b"ok")

    def test_some_places_are_never_called(self):
        for host in (
            *("169.254.169.254", "0.0.0.0", "[fe80::1]", "[fd00:ec2::254]"),
            *("metadata.google.internal", "[::ffff:169.254.169.254]"),
        ):
            with self.subTest(host):
                url = f"http://{host}/latest/meta-data"
                self.assert_not_called(url, "is not allowed", allows_private=True)

    def test_names_are_judged_by_where_they_lead(self):
        server = self.serve(OK)
        self.lead(["127.0.0.1"])
        self.assert_not_called(
            f"http://gate.example:{server.port}/", "is in a private network"
        )
        self.assertEqual(server.connections, 0)

    def test_a_name_that_leads_elsewhere_the_next_time_is_judged_again(self):
        server = self.serve(answer_and_hang_up)
        self.lead(["127.0.0.1"], ["169.254.169.254"])
        client = self.make_client()
        url = f"http://gate.example:{server.port}/"
        self.assertEqual(client.request("GET", url).body, b"ok")
        server.closed.wait(5)
        with self.assertRaises(RouteDown):
            client.request("GET", url)

    def test_of_several_addresses_only_the_allowed_are_called(self):
        server = self.serve(OK)
        self.lead(["169.254.169.254", "127.0.0.1"])
        url = f"http://gate.example:{server.port}/"
        self.assertEqual(self.make_client().request("GET", url).body, b"ok")

    def test_a_proxy_is_not_asked_for_what_is_not_called(self):
        proxy = self.serve(OK)
        self.lead(["10.0.0.1"], ["10.0.0.1"])
        environment = {"http_proxy": proxy.name, "https_proxy": proxy.name}
        with patch.dict(os.environ, environment):
            for host, text in {
                "10.0.0.1": "private",
                "169.254.169.254": "is not allowed",
                "gate.example": "private",
                "localhost": "private",
            }.items():
                for scheme in ("http", "https"):
                    with self.subTest(host=host, scheme=scheme):
                        self.assert_not_called(f"{scheme}://{host}/", text)
        self.assertEqual(proxy.connections, 0)

    def test_redirects_are_not_followed(self):
        target = self.serve(OK)
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status):
                head = f"HTTP/1.1 {status} Go\r\nLocation: {target.url}\r\n"
                server = self.serve(f"{head}Content-Length: 0\r\n\r\n".encode())
                self.assertEqual(self.post(server).status, status)
        self.assertEqual(target.connections, 0)

    def test_parts_that_cut_off_the_rest_are_refused(self):
        server = self.serve(OK)
        for tail in ("#/xml/", "/a#", "\n/", "\\@other.example/"):
            with self.subTest(tail), self.assertRaises(RouteDown):
                self.make_client().request("GET", server.url.rstrip("/") + tail)
        self.assertEqual(server.connections, 0)


class TestHttpTls(HttpClientCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        file = cls.enterClassContext(tempfile.NamedTemporaryFile(suffix=".pem"))
        file.write(_make_certificate())
        file.flush()
        cls.pem = file.name

    def serve_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pem)
        server = self.serve(
            OK, wrap=lambda sock: context.wrap_socket(sock, server_side=True)
        )
        server.url = f"https://{server.name}/"
        return server

    def test_trusted_certificate(self):
        server = self.serve_tls()
        client = self.make_client()
        with patch("certifi.where", return_value=self.pem):
            self.assertEqual(client.post(server.url, body=b"question").body, b"ok")
            self.assertEqual(client.post(server.url, body=b"again").body, b"ok")
        self.assertEqual([body for _, body in server.requests], [b"question", b"again"])

    def test_silent_tls_server_times_out(self):
        server = self.serve_tls()
        server._answers = [lambda _connection: False]
        with patch("certifi.where", return_value=self.pem):
            text = f"No complete response from {server.name} within 0.2 s"
            self.assert_fails(MaybeSent, server, text, read_timeout=0.2)

    def test_untrusted_certificate_sends_nothing(self):
        server = self.serve_tls()
        text = (
            f"The certificate of {server.name} is not trusted: self-signed certificate"
        )
        self.assert_fails(NotSent, server, text)
        self.assertEqual(server.requests, [])

    def test_server_without_tls(self):
        def speak_first(connection):
            connection.sendall(b"220 mail ready\r\n")
            return connection

        server = self.serve(OK, wrap=speak_first)
        server.url = f"https://{server.name}/"
        with self.assertRaises(NotSent) as caught:
            self.post(server)
        self.assertTrue(
            caught.exception.message.startswith(
                f"TLS handshake with {server.name} failed: "
            ),
            caught.exception.message,
        )


def _make_certificate():
    """A key and a certificate for 127.0.0.1, signed by itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
