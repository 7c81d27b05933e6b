"""Addresses that routes call: how they are written and where they lead."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.addresses import (
    Address,
    Reach,
    judge,
    judge_name,
    parse_address,
)


class TestParse(BaseCase):
    def test_scheme_host_port_and_path_are_read(self):
        for text, address in {
            "https://gate.example": Address("https", "gate.example", None, ""),
            "HTTP://Gate.Example:8080/a/b/": Address(
                "http", "gate.example", 8080, "/a/b/"
            ),
            "https://8.8.8.8:1": Address("https", "8.8.8.8", 1, ""),
            "https://[2A00:1450::0001]:443/x": Address(
                "https", "2a00:1450::1", 443, "/x"
            ),
            "https://xn--e1afmkfd.xn--p1ai": Address(
                "https", "xn--e1afmkfd.xn--p1ai", None, ""
            ),
            "http://gate_1": Address("http", "gate_1", None, ""),
        }.items():
            with self.subTest(text):
                self.assertEqual(parse_address(text), address)

    def test_all_else_is_refused(self):
        for text in (
            "",
            "gate.example",
            "//gate.example",
            "ftp://gate.example",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            # parts that would cut off or replace what is appended
            "https://gate.example#",
            "https://gate.example/#/xml",
            "https://gate.example?q=1",
            "https://gate.example/x?",
            "https://me@gate.example",
            "https://me:secret@gate.example",
            "https://gate.example\\@other.example",
            "https://gate.example/../x",
            "https://gate.example/%2e%2E/x",
            # characters
            "https://gate.example\n",
            "https://gate.example/\r\nX: y",
            "https://gate.example/\0",
            "https://ga te.example",
            "https://гейт.рф",
            "https://１２７.0.0.1",
            "https://127。0。0。1",
            # hosts that programs read differently
            "https://gate.example.",
            "https://gate..example",
            "https://-gate.example",
            f"https://{'a' * 64}.example",
            f"https://{'a.' * 127}example",
            "https://127.0.0.1.",
            "https://2130706433",
            "https://0x7f000001",
            "https://0x7f.0.0.1",
            "https://0177.0.0.1",
            "https://127.1",
            "https://1.2.3.256",
            "https://1.2.3.4.5",
            "https://gate.example.0x7f",
            "https://[::ffff:127.0.0.1]",
            "https://[::127.0.0.1]",
            "https://[64:ff9b::7f00:1]",
            "https://[2002:7f00:1::]",
            "https://[fe80::1%25eth0]",
            "https://[gate]",
            "https://::1",
            # ports
            "https://gate.example:",
            "https://gate.example:0",
            "https://gate.example:65536",
            "https://gate.example:-1",
            "https://gate.example:٨٠",
            "https://gate.example/" + "a" * 2000,
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_address(text)


class TestJudge(BaseCase):
    def assert_lead(self, reach, *addresses):
        for address in addresses:
            with self.subTest(address):
                self.assertIs(judge(address), reach)

    def test_the_internet(self):
        self.assert_lead(
            Reach.PUBLIC, "8.8.8.8", "172.15.0.1", "100.128.0.1", "2a00:1450::1"
        )
        self.assert_lead(Reach.PUBLIC, "::ffff:8.8.8.8", "64:ff9b::808:808")

    def test_private_networks(self):
        self.assert_lead(
            Reach.PRIVATE,
            *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
            *("127.0.0.1", "127.9.9.9", "100.64.0.1", "198.18.0.1"),
            *("::1", "fc00::1", "fd12::1", "fec0::1"),
            *("::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
        )

    def test_places_that_are_never_called(self):
        self.assert_lead(
            Reach.NEVER,
            *("0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255"),
            *("100.100.100.200", "168.63.129.16", "192.0.0.192", "240.0.0.1"),
            *("::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254"),
            *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"),
        )

    def test_names_tell_what_they_can(self):
        for name, reach in {
            "gate.example": Reach.PUBLIC,
            "localhost": Reach.PRIVATE,
            "a.LocalHost.": Reach.PRIVATE,
            "metadata": Reach.NEVER,
            "Metadata.Google.Internal.": Reach.NEVER,
            "instance-data.ec2.internal": Reach.NEVER,
            "10.0.0.1": Reach.PRIVATE,
            "169.254.169.254": Reach.NEVER,
        }.items():
            with self.subTest(name):
                self.assertIs(judge_name(name), reach)
