"""The README's examples are carried out, and answered as it says."""

import json
import re

from odoo.tests import HttpCase, tagged

from .documents import parse_curl, read_examples

#: What differs from call to call stands in the README as a word in capitals.
PLACEHOLDERS = {
    "KEY": r"\b[0-9a-f]{32}\b(?=\"\}\})",
    "REFERENCE": r"(?<=\"reference\": \")[0-9a-f]{32}",
    "TIME": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z",
}


@tagged("post_install", "-at_install")
class TestReadme(HttpCase):
    """Runs every curl example against the server under test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        routes = cls.env["sms.gateway.route"]
        if not routes.search([("name", "=", "ds")]):
            routes.create({"name": "ds"})

    def test_examples_are_answered_as_shown(self):
        examples = read_examples("README.rst")
        self.assertEqual(len(examples), 2, "a send and its status")
        key = ""
        for arguments, shown in examples:
            answer = self._call(
                [word.replace('"KEY"', f'"{key}"') for word in arguments]
            )
            with self.subTest(arguments=arguments):
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertEqual(self._normalise(answer.json()), shown)
            key = re.search(r"[0-9a-f]{32}", answer.text)[0]

    def _call(self, arguments):
        """Do what curl would do."""
        method, path, headers, body = parse_curl(arguments)
        return self.opener.request(
            method,
            self.base_url() + path,
            data=body.encode(),
            headers=dict(headers),
            timeout=30,
        )

    def _normalise(self, answer):
        text = json.dumps(answer, ensure_ascii=False)
        for word, pattern in PLACEHOLDERS.items():
            text = re.sub(pattern, word, text)
        return json.loads(text)
