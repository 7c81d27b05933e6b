"""The generic provider, and what its templates, bodies and paths are made of."""

import hashlib
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl

from lxml import etree

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    RouteDown,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.generic.bodies import (
    dump_json,
    parse_json,
    parse_xml,
    render_json,
    render_xml,
)
from odoo.addons.crm_sms_gateway.providers.generic.paths import (
    Kind,
    PathError,
    compile_path,
)
from odoo.addons.crm_sms_gateway.providers.generic.templates import (
    TemplateError,
    compile_template,
)
from odoo.addons.crm_sms_gateway.providers.http_generic import HttpGenericProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Money,
    Outcome,
    PushRequest,
)

from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

NAMES = ("text", "phone", "validity", "reference", "moment")
VALUES = {
    "text": "Привет",
    "phone": "+79160000001",
    "validity": 61,
    "reference": "255",
    "moment": datetime(2026, 11, 29, 12, 30, tzinfo=timezone(timedelta(hours=3))),
}
#: what a text may try to break out of its place
ATTACKS = (
    '"}, "to": "+70000000000", {"',
    "\\",
    "</text><to>+70000000000</to><text>",
    "]]><!--",
    "&to=%2B70000000000#",
    "\r\nX: y\r\n\r\n",
    "{{ password }}{% for a in b %}",
    "'\"<>&\x00",
)


class TestHttpContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "http"


class TestHttp(GateCase):
    code = "http"

    def refuse(self, code):
        request = self.request()
        self.gate.config(answers={request.msisdn: code})
        [result] = self.provider.submit([request])
        return result

    def test_answers_have_parts_and_price(self):
        result, message = self.submit_one()
        self.assertEqual(result.segments, 1)
        self.assertEqual(result.price, Money(Decimal("2.5"), "RUB"))
        self.assertEqual(message["sender"], "Shop")
        self.assertEqual(message["client_reference"], self.request().uuid)

    def test_validity_comes_in_the_units_of_the_template(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=61.5)
        _result, message = self.submit_one(valid_until=until)
        self.assertEqual(message["valid_for"], 120)

    def test_error_codes_mean_what_the_table_says(self):
        self.assertEqual(self.refuse("12").failure_type, "invalid_number")
        self.assertTrue(self.refuse("40").route_down)
        later = self.refuse("50")
        self.assertEqual((later.outcome, later.retry_after), (Outcome.NOT_SENT, 30))
        self.assertEqual(self.gate.stats()["handset_total"], 0)

    def test_a_text_that_xml_cannot_carry_is_refused(self):
        [result] = self.provider.submit([self.request(text="a\x01b")])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "content_rejected")
        self.assertFalse(self.gate.stats()["calls"])

    def test_reports_may_name_us_by_the_callback_address(self):
        provider = self.make_provider(push="uuid = ?uuid\nstatus = status")
        _result, message = self.submit_one()
        push = self.gate.push("delivered", message["reference"])
        [report] = provider.parse_push(
            PushRequest(
                push.method, push.body, query=Fields.parse(push.url.partition("?")[2])
            )
        ).reports
        self.assertEqual(report.uuid, self.request().uuid)
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)

    def test_balance_is_money(self):
        self.gate.config(balance="12.34")
        balance = self.provider.balance()
        self.assertEqual(balance.money, (Money(Decimal("12.34"), "RUB"),))


# === DESCRIBED IN SETTINGS ===
LEAST = {
    "url": "https://provider.example/api/",
    "login": "me",
    "password": "s3cret-of-mine",
    "path": "/send",
    "body": '{"to": "{{ phone | digits }}", "text": "{{ text }}"}',
    "answer": "reference = $.id\nerror = $.error.code\nerror_text = $.error.text",
}
#: changed settings, where the mistake is, and what is said of it
MISTAKES = (
    ({"body": "{"}, "Body of the send request", "the response is not JSON."),
    (
        {"body": '{"a": "{{ nobody }}"}'},
        "Body of the send request",
        "unknown placeholder nobody.",
    ),
    (
        {"body": '{"a": "{% for x in y %}{% endfor %}"}'},
        "Body of the send request",
        "only placeholders and their filters are allowed.",
    ),
    (
        {"body": '{"a": "{{ text.__class__ }}"}'},
        "Body of the send request",
        "only placeholders and their filters are allowed.",
    ),
    (
        {"body": '{"a": "{{ text * 9 }}"}'},
        "Body of the send request",
        "only placeholders and their filters are allowed.",
    ),
    (
        {"body": "<a>b<c/></a>", "format": "xml"},
        "Body of the send request",
        "the element a has both text and elements.",
    ),
    (
        {"body": "no pair", "format": "form"},
        "Body of the send request",
        "line 1 must have the form name = value.",
    ),
    (
        {"path": "https://evil.example/"},
        "Path of the send request",
        "the path must stay below the provider URL.",
    ),
    (
        {"headers": "Host = evil.example"},
        "Headers of all requests, Host",
        "this header does not exist, or HTTP sets it itself.",
    ),
    (
        {"answer": "error = $.code"},
        "Response to the send request",
        "the response requires success or reference.",
    ),
    (
        {"answer": "reference = $..*..*"},
        "Response to the send request, reference",
        "the path $..*..* must only point to a value.",
    ),
    (
        {"answer": "reference = count(//a)", "answers": "xml"},
        "Response to the send request, reference",
        "the path count(//a) must only point to a value.",
    ),
    (
        {"poll_path": "/status", "poll_answer": "code = $.code"},
        "Response to the status request",
        "the response requires status.",
    ),
    (
        {"statuses": "done = ready"},
        "Statuses, done",
        "allowed values: accepted, delivered, failed, failed:reason, expired, "
        "unknowable.",
    ),
)


class TestDescribed(BaseCase):
    def make(self, *answers, **changes):
        """A provider that settings describe, and the HTTP client that gives it these
        answers."""
        http = FakeHttp(*answers)
        context = Context("Route", callback_url=CALLBACK)
        return HttpGenericProvider({**LEAST, **changes}, http, context), http

    def submit(self, told, status=200, **changes):
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        provider, http = self.make(respond(body, status=status), **changes)
        [result] = provider.submit([make_request()])
        return result, http

    def test_mistakes_are_told_in_sentences(self):
        for change, where, why in MISTAKES:
            label, comma, place = where.partition(",")
            expected = f"Invalid setting {label}{comma}{place}: {why}"
            with self.subTest(change):
                provider, http = self.make(**change)
                self.assertEqual(provider.check_settings(), [expected])
                [result] = provider.submit([make_request()])
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertIn(expected, result.route_down)
                self.assertFalse(http.posts)

    def test_a_wrong_description_reads_no_push(self):
        provider, _http = self.make(body="{", push_format="fields", push="status = s")
        with self.assertRaises(UnreadablePush):
            provider.parse_push(PushRequest("POST", b"s=1"))
        with self.assertRaises(RouteDown):
            provider.poll(["1"])

    def test_requests_of_each_format(self):
        form = "to = {{ phone }}\ntext = {{ text }}\nttl = {{ validity }}\nto = 2"
        xml = '<m to="{{ phone }}" ttl="{{ validity }}"><t>{{ text }}</t></m>'
        for kind, body, expected in (
            ("form", form, b"to=%2B79160000001&text=Hello&to=2"),
            ("json", LEAST["body"], b'{"to":"79160000001","text":"Hello"}'),
            ("xml", xml, b'<m to="+79160000001"><t>Hello</t></m>'),
        ):
            with self.subTest(kind):
                _result, http = self.submit({"id": "1"}, format=kind, body=body)
                [(url, sent, headers)] = http.posts
                self.assertEqual(url, "https://provider.example/api/send")
                self.assertTrue(sent.endswith(expected), sent)
                self.assertIn(kind, headers["Content-Type"])

    def test_everything_may_stand_in_the_address(self):
        _result, http = self.submit(
            {"id": "1"},
            method="GET",
            format="none",
            path="/{{ login }}/send",
            query="to = {{ phone }}\ntext = {{ text }}\nkey = {{ password }}",
            login="a/../b?c",
        )
        [(url, body, _headers)] = http.posts
        start, _, query = url.partition("?")
        self.assertEqual(start, "https://provider.example/api/a%2F..%2Fb%3Fc/send")
        self.assertEqual(dict(parse_qsl(query))["to"], "+79160000001")
        self.assertEqual(body, b"")

    def test_authentication(self):
        for kind, expected in (
            ("none", None),
            ("basic", "Basic bWU6czNjcmV0LW9mLW1pbmU="),
            ("bearer", "Bearer s3cret-of-mine"),
        ):
            with self.subTest(kind):
                _result, http = self.submit({"id": "1"}, authentication=kind)
                self.assertEqual(http.posts[0][2].get("Authorization"), expected)

    def test_headers_are_templates(self):
        _result, http = self.submit({"id": "1"}, headers="X-Key = {{ password }}")
        self.assertEqual(http.posts[0][2]["X-Key"], "s3cret-of-mine")

    def test_what_an_answer_means(self):
        error = {"error": {"code": 7, "text": "Bad number"}}
        table = {"errors": "7 = refused:invalid_number\nHTTP 402 = later:9"}
        result, _http = self.submit({"id": 5})
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, "5")
        for status in (200, 400, 422):
            result, _http = self.submit(error, status, **table)
            self.assertEqual(result.failure_type, "invalid_number")
            self.assertEqual((result.code, result.message), ("7", "Bad number"))
        result, _http = self.submit(error)
        self.assertEqual(result.failure_type, "provider_error")
        result, _http = self.submit(b"", 402, **table)
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertEqual(result.retry_after, 9)

    def test_an_answer_without_proof_is_none(self):
        for answer in ({}, {"status": "ok"}, [], None, "1", b"", b"OK", {"id": ""}):
            with self.subTest(answer):
                result, _http = self.submit(answer)
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
                self.assertTrue(result.message)

    def test_a_code_of_http_is_no_code_of_the_provider(self):
        """A table that says what the provider's 500 means says nothing of a server that
        broke."""
        result, _http = self.submit(b"", 500, errors="500 = accepted")
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_a_success_test_decides(self):
        tested = {"answer": LEAST["answer"] + "\nsuccess = $.ok\nsuccess_values = true"}
        result, _http = self.submit({"id": "1", "ok": True}, **tested)
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        result, _http = self.submit({"id": "1", "ok": False}, **tested)
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        result, _http = self.submit({"ok": False, "error": {"code": 1}}, **tested)
        self.assertEqual(result.outcome, Outcome.REFUSED)

    def test_a_reference_with_an_error_is_a_contradiction(self):
        """Without a success test nobody knows which of them counts."""
        told = {"id": "1", "error": {"code": 0, "text": "OK"}}
        result, _http = self.submit(told)
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        result, _http = self.submit(told, errors="* = later")
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        result, _http = self.submit(told, errors="0 = accepted")
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, "1")

    def test_an_error_may_slow_the_route_down(self):
        told = {"error": {"code": 5, "text": "Why"}}
        for word, wait in (("slower", None), ("slower:7", 7)):
            result, _http = self.submit(told, errors=f"5 = {word}")
            self.assertEqual(result.outcome, Outcome.NOT_SENT)
            self.assertEqual((result.is_throttled, result.retry_after), (True, wait))
        result, _http = self.submit(told, errors="5 = later")
        self.assertFalse(result.is_throttled)

    def test_an_entry_may_stand_for_all_other_errors(self):
        told = {"error": {"code": 5, "text": "Why"}}
        result, _http = self.submit(told, errors="* = later:7")
        self.assertEqual((result.outcome, result.retry_after), (Outcome.NOT_SENT, 7))
        self.assertEqual((result.code, result.message), ("5", "Why"))

    def test_parts_that_cannot_be_are_not_believed(self):
        places = LEAST["answer"] + "\nsegments = $.parts"
        for parts, expected in ((3, 3), (0, None), (-1, None), (10**9, None)):
            result, _http = self.submit({"id": "1", "parts": parts}, answer=places)
            self.assertEqual(result.segments, expected)

    def test_without_a_status_request_nothing_is_polled(self):
        provider, http = self.make(b"{}")
        self.assertEqual(provider.poll(["1"]), [])
        self.assertFalse(http.posts)

    def test_without_a_balance_request_the_connection_is_not_tested(self):
        provider, http = self.make(b"{}")
        for ask in (provider.balance, provider.test_connection):
            with self.assertRaises(ProviderError):
                ask()
        self.assertFalse(http.posts)

    def test_statuses_are_polled_by_path_or_body(self):
        answer = {"list": [{"id": "9", "state": "Done", "at": 1764403200}, {"id": "8"}]}
        places = "items = $.list[*]\nreference = @.id\nstatus = @.state\ntime = @.at"
        for settings, expected in (
            ({"poll_path": "/s/{{ reference }}"}, "https://provider.example/api/s/9"),
            (
                {"poll_path": "/s", "poll_body": '{"id": "{{ reference }}"}'},
                "https://provider.example/api/s",
            ),
        ):
            provider, http = self.make(
                json.dumps(answer).encode(),
                poll_answer=places,
                statuses="DONE = delivered",
                **settings,
            )
            [report] = provider.poll(["9"])
            self.assertEqual(report.status, DeliveryStatus.DELIVERED)
            self.assertEqual(report.raw, "Done")
            self.assertEqual(report.occurred_at.year, 2025)
            self.assertEqual(http.posts[0][0], expected)

    def test_settings_that_place_secrets_are_guarded(self):
        guarded = {s.name for s in HttpGenericProvider.settings if s.directs_secret}
        self.assertLessEqual(
            {"url", "path", "query", "headers", "body", "poll_path", "balance_body"},
            guarded,
        )

    def test_no_text_breaks_out_of_its_place(self):
        xml = "<m><to>{{ phone }}</to><text>{{ text }}</text></m>"
        form = "to = {{ phone }}\ntext = {{ text }}"
        for text in ATTACKS:
            request = make_request(text=text)
            with self.subTest(text):
                body = self.send(request)[0]
                told = json.loads(body)
                self.assertEqual(told, {"to": request.msisdn[1:], "text": text})
                body = self.send(request, format="form", body=form)[0]
                pairs = parse_qsl(body.decode(), keep_blank_values=True)
                self.assertEqual(pairs, [("to", request.msisdn), ("text", text)])
                _body, url = self.send(request, method="GET", format="none", query=form)
                query = url.partition("?")[2]
                self.assertEqual(parse_qsl(query, keep_blank_values=True), pairs)
                self.assertNotIn("s3cret", url)
                if "\x00" not in text:
                    root = etree.fromstring(
                        self.send(request, format="xml", body=xml)[0]
                    )
                    self.assertEqual([one.tag for one in root], ["to", "text"])
                    self.assertEqual(root[1].text, text)

    def send(self, request, **changes):
        """The body and the address of a request."""
        provider, http = self.make(b"{}", **changes)
        provider.submit([request])
        [(url, body, _headers)] = http.posts
        return body, url


class TestPushes(BaseCase):
    def parse(self, body=b"", query="", headers=None, urls=(CALLBACK,), **settings):
        values = {**LEAST, "push_key": "k3y-of-pushes", **settings}
        provider = HttpGenericProvider(values, FakeHttp(b""), Context("Route"))
        request = PushRequest(
            "POST",
            body,
            urls=urls,
            headers=headers or {},
            query=Fields.parse(query),
        )
        return provider.parse_push(request)

    def test_reports_of_each_format(self):
        tree = b'{"all": [{"id": 1, "s": "ok"}, {"id": 2, "s": "bad"}]}'
        xml = b"<all><one id='1'><s>ok</s></one><one id='2'><s>bad</s></one></all>"
        for kind, body, places, count in (
            ("json", tree, "items = $.all[*]\nreference = @.id\nstatus = @.s", 2),
            ("xml", xml, "items = /all/one\nreference = @id\nstatus = s", 2),
            ("fields", b"id=1&s=ok", "reference = id\nstatus = s", 1),
        ):
            with self.subTest(kind):
                answer = self.parse(
                    body,
                    push_format=kind,
                    push=places,
                    push_answer="taken",
                    statuses="ok = delivered\nbad = failed:unreachable",
                )
                references = [one.provider_reference for one in answer.reports]
                self.assertEqual(references, ["1", "2"][:count])
                self.assertEqual(answer.reports[0].status, DeliveryStatus.DELIVERED)
                self.assertEqual(answer.body, b"taken")

    def test_what_names_no_message_is_unreadable(self):
        for body in (b"", b"s=ok", b"id=1", b"x=1", b"\xff"):
            with self.subTest(body), self.assertRaises(UnreadablePush):
                self.parse(
                    body, push_format="fields", push="reference = id\nstatus = s"
                )

    def test_pushes_that_are_not_set_up_are_unreadable(self):
        with self.assertRaises(UnreadablePush):
            self.parse(b"id=1&s=ok")

    def test_signatures(self):
        def sign(name, *parts):
            return hashlib.new(name, "".join(parts).encode()).hexdigest()

        body, key = b"id=1&s=ok", "k3y-of-pushes"
        rights = (
            ("md5", "body key", sign("md5", body.decode(), key)),
            ("sha1", "field:id : key", sign("sha1", "1:", key)),
            ("sha256", "key url", sign("sha256", key, CALLBACK).upper()),
            ("sha256", "header:X-Nonce . key", sign("sha256", "n.", key)),
        )
        for algorithm, parts, right in rights:
            settings = {
                "push_format": "fields",
                "push": "reference = id\nstatus = s",
                "push_signature": f"at = header:X-Sign\nalgorithm = {algorithm}\n"
                f"of = {parts}",
            }
            nonce = {"x-nonce": "n"}
            with self.subTest(algorithm=algorithm, parts=parts):
                answer = self.parse(
                    body, headers={"x-sign": right, **nonce}, **settings
                )
                self.assertEqual(len(answer.reports), 1)
                for wrong in ("", "x", right[:-1], right + "0", "ж"):
                    with self.assertRaises(ForgedPush):
                        self.parse(body, headers={"x-sign": wrong, **nonce}, **settings)
                with self.assertRaises(ForgedPush):
                    self.parse(body, headers=nonce, **settings)

    def test_any_of_the_addresses_may_be_signed(self):
        other = "http://10.0.0.5:8069/sms_gateway/push/t0ken"
        right = hashlib.sha256(f"{other}k3y-of-pushes".encode()).hexdigest()
        answer = self.parse(
            b"id=1&s=ok",
            headers={"x-sign": right},
            urls=(CALLBACK, other),
            push_format="fields",
            push="reference = id\nstatus = s",
            push_signature="at = header:X-Sign\nalgorithm = sha256\nof = url key",
        )
        self.assertEqual(len(answer.reports), 1)


# === TEMPLATES ===
class TestTemplates(BaseCase):
    def render(self, source, **changes):
        template = compile_template(source, NAMES)
        return template.render({**VALUES, **changes})

    def test_filters(self):
        for source, expected in (
            ("plain", "plain"),
            ("{{ text }}", "Привет"),
            ("{{text}}, {{ phone }}", "Привет, +79160000001"),
            ("{{ phone | digits }}", "79160000001"),
            ("{{ phone | digits | plus }}", "+79160000001"),
            ("{{ validity | minutes }}", "2"),
            ("{{ validity | hours }}", "1"),
            ("{{ reference | hex }}", "ff"),
            ("{{ text | hex16 }}", "041F04400438043204350442"),
            ("{{ text | upper }}{{ text | lower }}", "ПРИВЕТпривет"),
            ("{{ text | urlencode }}", "%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82"),
            ("{{ moment }}", "2026-11-29T09:30:00Z"),
            ("{{ moment | iso }}", "2026-11-29T09:30:00Z"),
            ("{{ moment | unix }}", "1795944600"),
            ("{{ validity | default('7') }}", "61"),
        ):
            with self.subTest(source):
                self.assertEqual(self.render(source), expected)

    def test_filters_of_nothing(self):
        nothing = dict.fromkeys(NAMES)
        for name in ("digits", "plus", "hex", "iso", "unix", "minutes", "number"):
            with self.subTest(name):
                source = f"{{{{ text | {name} }}}}"
                self.assertEqual(self.render(source, **nothing), "")
        self.assertEqual(self.render("{{ validity | default('7') }}", **nothing), "7")

    def test_values_are_no_templates(self):
        self.assertEqual(self.render("{{ text }}", text="{{ phone }}"), "{{ phone }}")

    def test_everything_else_is_refused(self):
        for source in (
            "{{ text",
            "{{ nobody }}",
            "{{ text.upper() }}",
            "{{ text.__class__.__mro__ }}",
            "{{ text['a'] }}",
            "{{ text[0] }}",
            "{{ text|attr('x') }}",
            "{{ text|join }}",
            "{{ text|digits(1) }}",
            "{{ text|default }}",
            "{{ text|default(text) }}",
            "{{ text|default('a' * 999) }}",
            "{{ text ~ text }}",
            "{{ text * 999999 }}",
            "{{ 'a' }}",
            "{{ 9 }}",
            "{{ 1.5 }}",
            "{{ text if text else text }}",
            "{{ range(9) }}",
            "{{ self }}",
            "{{ [text] }}",
            "{% for a in text %}{% endfor %}",
            "{% set a = text %}",
            "{% include 'x' %}",
            "{% raw %}x{% endraw %}",
            "{# text #}",
            "{{ text }}" * 21,
            "x" * 2001,
            "{{ " + "(" * 500 + "text" + ")" * 500 + " }}",
            "{{ text" + "|upper" * 500 + " }}",
            "{{ " + "9" * 5000 + " }}",
        ):
            with self.subTest(source[:60]), self.assertRaises(TemplateError):
                compile_template(source, NAMES)


# === BODIES ===
class TestBodies(BaseCase):
    def compile(self, source):
        return compile_template(source, NAMES)

    def json(self, source, **changes):
        tree = parse_json(source, self.compile)
        return dump_json(render_json(tree, {**VALUES, **changes})).decode()

    def test_members_without_a_value_are_left_out(self):
        source = (
            '{"a": "{{ validity | number }}", "b": ["{{ text }}"], "c": {"d": ""},'
            ' "e": null, "f": true, "g": 1.5}'
        )
        self.assertEqual(
            self.json(source, text="x"),
            '{"a":61,"b":["x"],"c":{"d":""},"e":null,"f":true,"g":1.5}',
        )
        self.assertEqual(
            self.json(source, text="", validity=None),
            '{"b":[],"c":{"d":""},"e":null,"f":true,"g":1.5}',
        )

    def test_only_a_whole_template_is_a_number(self):
        source = '{"a": "{{ validity | number }} s", "b": "{{ text | number }}"}'
        self.assertEqual(self.json(source, text="x1"), '{"a":"61 s","b":"x1"}')

    def test_deep_documents_are_refused(self):
        for source in ("[" * 30 + "]" * 30, '{"a":' * 5000 + "1" + "}" * 5000):
            with self.subTest(source[:20]), self.assertRaises(TemplateError):
                parse_json(source, self.compile)
        with self.assertRaises(TemplateError):
            parse_xml("<a>" * 30 + "</a>" * 30, self.compile)

    def test_elements_without_a_value_are_left_out(self):
        source = "<m a='{{ text }}' b=''> <!-- x --> <c>{{ validity }}</c> <d/> </m>"
        root = render_xml(
            parse_xml(source, self.compile), {**VALUES, "text": "", "validity": None}
        )
        self.assertEqual(etree.tostring(root), b'<m b=""><d/></m>')

    def test_documents_with_entities_are_refused(self):
        for source in (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<a>&x;</a>",
            "<a>",
        ):
            with self.subTest(source), self.assertRaises(TemplateError):
                parse_xml(source, self.compile)


# === PATHS ===
class TestPaths(BaseCase):
    def test_json(self):
        document = {
            "a": [{"id": 1, "s": "x"}, {"id": "2", "s": True}],
            "b": {"c d": None, "e": 1.5},
        }
        for source, expected in (
            ("$.a[0].id", "1"),
            ("$.a[-1].s", "true"),
            ("$.a[*].id", "1"),
            ("$..s", "x"),
            ("$['b']['e']", ""),
            ("$.a[?@.id == '2'].s", "true"),
            ("$.b['c d']", ""),
            ("$.nobody[3].x", ""),
            ("@.a[0].s", "x"),
        ):
            with self.subTest(source):
                path = compile_path(source, Kind.JSON)
                self.assertEqual(path.read(document, document), expected)

    def test_json_is_no_document_in_a_text(self):
        path = compile_path("$.a", Kind.JSON)
        for document in ('{"a": 1}', None, 5, b'{"a": 1}', True):
            self.assertEqual(path.read(document, document), "")

    def test_xml(self):
        root = etree.fromstring("<o><r><s id='5'>t<b>u</b></s></r><e c='1'>no</e></o>")
        for source, expected in (
            ("/o/r/s/@id", "5"),
            ("//s", "tu"),
            ("r/s/b", "u"),
            ("/o/e[@c='1']", "no"),
            ("/o/*[2]", "no"),
            ("//*[local-name()='e']/text()", "no"),
            ("@nobody", ""),
        ):
            with self.subTest(source):
                self.assertEqual(
                    compile_path(source, Kind.XML).read(root, root), expected
                )

    def test_an_item_of_xml_may_be_a_text(self):
        root = etree.fromstring("<o><a id='1'/><a id='2'/></o>")
        items = compile_path("//@id", Kind.XML).find(root, root)
        found = [compile_path(".", Kind.XML).read(item, root) for item in items]
        self.assertEqual(found, ["1", "2"])
        self.assertEqual(compile_path("@id", Kind.XML).read(items[0], root), "")

    def test_what_would_take_long_is_refused(self):
        for kind, sources in {
            Kind.JSON: (
                "a",
                "$.",
                "$..*..*",
                "$[*,*]",
                "$[0:9]",
                "$.a[?search(@.b, '(a+)+$')]",
                "$.a[?length(@.b) > 1]",
                "$.a[?@..b]",
                "$.a[?@.b].c[?@.d]",
                "$.a | $.b",
                "$" + ".a" * 13,
                "$" + "[" * 150,
                "$" * 300,
            ),
            Kind.XML: (
                "",
                "//*[//*]",
                "//a[.//b]",
                "count(//*)",
                "document('file:///etc/passwd')",
                "//a//b//c",
                "a | b",
                "ancestor::a",
                "re:test(a, '(a+)+$')",
                "a" * 300,
            ),
            Kind.FIELDS: ("", "a b", "a=b", "a&b"),
        }.items():
            for source in sources:
                with self.subTest(source[:40]), self.assertRaises(PathError):
                    compile_path(source, kind)

    def test_deep_documents_are_read_as_far_as_they_go(self):
        document = json.loads("[" * 500 + "]" * 500)
        path = compile_path("$..a", Kind.JSON)
        self.assertEqual(path.read(document, document), "")
