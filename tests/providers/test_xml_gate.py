"""The XML gate's documents: what we write and what we make of its answers."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from odoo.tests import BaseCase, freeze_time

from odoo.addons.crm_sms_gateway.providers.errors import (
    MaybeSent,
    NotSent,
    ProviderError,
    RouteDown,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    ClientReference,
    DeliveryStatus,
    Fields,
    InboundMessage,
    Money,
    Outcome,
    PushRequest,
    SubmitResult,
    Units,
)
from odoo.addons.crm_sms_gateway.providers.xml_gate import XmlGateProvider
from odoo.addons.crm_sms_gateway.providers.xml_gate_documents import (
    Account,
    build_balance,
    build_incoming,
    build_push_answer,
    build_send,
    build_state,
    parse_balance,
    parse_inbound_push,
    parse_incoming,
    parse_push,
    parse_send,
    parse_state,
)

from .common import FakeHttp, make_request, respond

MOSCOW = ZoneInfo("Europe/Moscow")
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
ACCOUNT = Account(login="me", password="s3cret", zone=MOSCOW, sender="Shop")
SETTINGS = {
    "url": "https://gate.example",
    "login": "me",
    "password": "s3cret",
    "sender": "Shop",
    "timezone": "Europe/Moscow",
}
MANUAL_BALANCE = (
    f'{DECLARATION}\n<response>\n <sms area="Россия">47</sms>'
    '<money currency="RUR">97.9</money>\n</response>'
).encode()

#: what has to come of every text a message can be answered with
MESSAGE_TEXTS = {
    "send": (Outcome.ACCEPTED, None),
    "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером.": (
        Outcome.NOT_SENT,
        None,
    ),
    "Закончились SMS.": (Outcome.NOT_SENT, None),
    "Аккаунт заблокирован.": (Outcome.NOT_SENT, None),
    "Укажите номер телефона.": (Outcome.REFUSED, "invalid_number"),
    "Номер телефона присутствует в стоп-листе.": (Outcome.REFUSED, "opted_out"),
    "Данное направление закрыто для вас.": (Outcome.REFUSED, "unsupported"),
    "Данное направление закрыто.": (Outcome.REFUSED, "unsupported"),
    "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы "
    "пополните счет по данному направлению.": (Outcome.ACCEPTED, "no_funds"),
    "Текст SMS отклонен модератором.": (Outcome.REFUSED, "content_rejected"),
    "Нет отправителя.": (Outcome.REFUSED, "sender_rejected"),
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов "
    "для буквенно-числовых.": (Outcome.REFUSED, "sender_rejected"),
    "Номер телефона должен быть меньше 15 символов.": (
        Outcome.REFUSED,
        "invalid_number",
    ),
    "Нет текста сообщения.": (Outcome.REFUSED, "missing_data"),
    "Нет ссылки.": (Outcome.REFUSED, "missing_data"),
    "Укажите название контакта и, хотя бы один параметр для визитной карточки.": (
        Outcome.REFUSED,
        "missing_data",
    ),
    "Такого отправителя Нет.": (Outcome.REFUSED, "sender_rejected"),
    "Отправитель не прошел модерацию.": (Outcome.REFUSED, "sender_rejected"),
    "Данное сообщение уже было отправлено.": (Outcome.ACCEPTED, None),
}
DOCUMENT_TEXTS = {
    "Неправильный логин или пароль": "The provider rejected the login or the password",
    "Ваш аккаунт заблокирован": "The provider has blocked the account",
    "Неправильный формат XML документа": "The provider could not parse the request",
    "POST данные отсутствуют": "The provider received an empty request",
}


def answer(*items, root="response"):
    """A document of the gate."""
    return f"{DECLARATION}<{root}>{''.join(items)}</{root}>".encode()


def information(number, text="send", **attributes):
    """One item of the answer to a send."""
    attributes = {"number_sms": number, **attributes}
    shown = " ".join(f"{n}={quoteattr(str(v))}" for n, v in attributes.items())
    return f"<information {shown}>{escape(text)}</information>"


def error(text):
    """The gate refuses a whole document."""
    return answer(f"<error>{text}</error>")


class TestXmlGateBuild(BaseCase):
    def build(self, *requests, account=ACCOUNT):
        """Build a document, and read it as the gate would."""
        numbered = dict(enumerate(requests, 1))
        return etree.fromstring(build_send(numbered, account))

    def test_send_is_one_line(self):
        request = make_request(text="one\ntwo\r\nthree\rfour")
        self.assertEqual(
            build_send({1: request}, ACCOUNT).decode(),
            DECLARATION
            + '<request><security><login value="me"/><password value="s3cret"/>'
            '</security><message type="sms"><sender>Shop</sender>'
            r"<text>one\ntwo\nthree\nfour</text>"
            '<abonent phone="79160000001" number_sms="1" client_id_sms="1001"/>'
            "</message></request>",
        )

    def test_recipients_of_one_text_share_a_message(self):
        root = self.build(
            make_request(1, text="A"),
            make_request(2, text="B"),
            make_request(3, text="A"),
        )
        found = [
            (
                message.findtext("sender"),
                message.findtext("text"),
                [abonent.get("number_sms") for abonent in message.iter("abonent")],
            )
            for message in root.iter("message")
        ]
        self.assertEqual(
            found,
            [
                ("Shop", "A", ["1", "3"]),
                ("Shop", "B", ["2"]),
            ],
        )

    def test_numbers_may_have_gaps(self):
        root = etree.fromstring(
            build_send({2: make_request(8), 5: make_request(9)}, ACCOUNT)
        )
        found = {a.get("number_sms"): a.get("phone") for a in root.iter("abonent")}
        self.assertEqual(found, {"2": "79160000008", "5": "79160000009"})

    def test_any_text_survives(self):
        for text in (
            "<b>&amp; \"quoted\" 'too'</b>",
            "Привет 🎉",
            " \tspaces  ",
            "]]>",
        ):
            with self.subTest(text):
                root = self.build(make_request(text=text))
                self.assertEqual(root.findtext("message/text"), text)

    def test_validity_is_local_and_rounded_up(self):
        moments = {
            "2026-03-01 12:00:00.000000": "2026-03-01 15:00",
            "2026-03-01 12:00:00.000001": "2026-03-01 15:01",
            "2026-03-01 12:00:01.000000": "2026-03-01 15:01",
            "2026-12-31 20:59:59.000000": "2027-01-01 00:00",
        }
        for moment, expected in moments.items():
            with self.subTest(moment):
                parsed = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S.%f")
                request = make_request(valid_until=parsed.replace(tzinfo=timezone.utc))
                [abonent] = self.build(request).iter("abonent")
                self.assertEqual(abonent.get("validity_period"), expected)

    def test_times_follow_the_account(self):
        account = Account("me", "s3cret", ZoneInfo("Asia/Novosibirsk"))
        moment = datetime(2026, 6, 1, 20, tzinfo=timezone.utc)
        request = make_request(valid_until=moment + timedelta(hours=1))
        [abonent] = self.build(request, account=account).iter("abonent")
        self.assertEqual(abonent.get("validity_period"), "2026-06-02 04:00")

    def test_options_of_the_account(self):
        account = Account(
            "me", "s3cret", MOSCOW, name_delivery="Odoo & co", is_transliterated=True
        )
        root = self.build(make_request(), account=account)
        self.assertEqual(root.findtext("message/name_delivery"), "Odoo & co")
        self.assertEqual(root.findtext("message/translite"), "1")

    def test_state_asks_for_many(self):
        self.assertEqual(
            build_state(["7", "8"], ACCOUNT).decode(),
            DECLARATION
            + '<request><security><login value="me"/><password value="s3cret"/>'
            "</security><get_state><id_sms>7</id_sms><id_sms>8</id_sms></get_state>"
            "</request>",
        )

    def test_balance_needs_the_login_only(self):
        self.assertEqual(
            build_balance(ACCOUNT).decode(),
            DECLARATION
            + '<request><security><login value="me"/><password value="s3cret"/>'
            "</security></request>",
        )

    def test_push_answer_names_every_id_once(self):
        self.assertEqual(
            build_push_answer(["7", "8", "7", "<9>"]).decode(),
            DECLARATION + "<response><id_sms>7</id_sms><id_sms>8</id_sms>"
            "<id_sms>&lt;9&gt;</id_sms></response>",
        )

    def test_password_is_not_shown(self):
        self.assertNotIn("s3cret", repr(ACCOUNT))


class TestXmlGateParseSend(BaseCase):
    def parse_one(self, *items):
        return parse_send(answer(*items), [1])[1]

    def test_accepted_message(self):
        item = information(1, id_sms="77", id_turn="5", parts="2")
        self.assertEqual(
            self.parse_one(item),
            SubmitResult(Outcome.ACCEPTED, provider_reference="77", segments=2),
        )

    def test_every_text_of_the_gate(self):
        for text, (outcome, failure_type) in MESSAGE_TEXTS.items():
            with self.subTest(text):
                result = self.parse_one(information(1, text))
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual(result.message, "" if text == "send" else text)
                self.assertIsNone(result.provider_reference)

    def test_texts_may_be_written_otherwise(self):
        for text, (outcome, failure_type) in MESSAGE_TEXTS.items():
            for variant in (
                text.rstrip("."),
                text.upper(),
                f"\n {text.replace(' ', '  ')} ",
                text.replace("прошел", "прошёл").replace("счет", "счёт"),
            ):
                with self.subTest(variant):
                    result = self.parse_one(information(1, variant))
                    self.assertEqual(result.outcome, outcome)
                    self.assertEqual(result.failure_type, failure_type)

    def test_texts_that_stop_the_route(self):
        stopping = {
            text
            for text in MESSAGE_TEXTS
            if self.parse_one(information(1, text)).route_down
        }
        self.assertEqual(stopping, {"Закончились SMS.", "Аккаунт заблокирован."})

    def test_gate_without_messages_is_trouble_of_the_route(self):
        text = "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером."
        result = self.parse_one(information(1, text))
        self.assertTrue(result.route_trouble)
        self.assertIsNone(result.route_down)

    def test_unpaid_and_repeated_messages_keep_their_id(self):
        for text in (
            "Недостаточно средств для отправки SMS.",
            "Данное сообщение уже было отправлено.",
        ):
            with self.subTest(text):
                result = self.parse_one(information(1, text, id_sms="77"))
                self.assertEqual(result.outcome, Outcome.ACCEPTED)
                self.assertEqual(result.provider_reference, "77")

    def test_unknown_text_is_a_refusal_that_keeps_it(self):
        result = self.parse_one(information(1, "Что-то новое"))
        self.assertEqual(
            result,
            SubmitResult(
                Outcome.REFUSED, failure_type="provider_error", message="Что-то новое"
            ),
        )

    def test_unknown_text_with_an_id_was_taken(self):
        result = self.parse_one(information(1, "В очереди", id_sms="77"))
        self.assertEqual(
            result,
            SubmitResult(
                Outcome.ACCEPTED, provider_reference="77", message="В очереди"
            ),
        )

    def test_item_that_says_nothing(self):
        result = self.parse_one(information(1, ""))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_nonsense_in_parts_is_left_out(self):
        for parts in ("", "many", "-", "1.5", "9" * 5000):
            with self.subTest(parts):
                item = information(1, id_sms="77", parts=parts)
                self.assertIsNone(self.parse_one(item).segments)

    def test_items_are_found_by_number_in_any_order(self):
        items = [information(n, id_sms=f"7{n}") for n in (3, 1, 2)]
        results = parse_send(answer(*items), [1, 2, 3])
        references = {n: r.provider_reference for n, r in results.items()}
        self.assertEqual(references, {1: "71", 2: "72", 3: "73"})

    def test_message_without_an_item_may_have_been_sent(self):
        results = parse_send(answer(information(2, id_sms="72")), [1, 2, 3])
        outcomes = [results[n].outcome for n in (1, 2, 3)]
        self.assertEqual(
            outcomes, [Outcome.MAYBE_SENT, Outcome.ACCEPTED, Outcome.MAYBE_SENT]
        )

    def test_items_without_number_or_of_strangers_are_nobodys(self):
        for number in ("", " ", "4", "01", "1.0", "one", "-1"):
            with self.subTest(number):
                items = information(number, id_sms="1"), information(2, id_sms="2")
                results = parse_send(answer(*items), [1, 2])
                self.assertEqual(results[1].outcome, Outcome.MAYBE_SENT)
                self.assertEqual(results[2].provider_reference, "2")

    def test_only_item_belongs_to_the_only_message(self):
        for item in (information(""), "<information>send</information>"):
            with self.subTest(item):
                self.assertEqual(self.parse_one(item).outcome, Outcome.ACCEPTED)

    def test_item_of_a_stranger_is_not_the_only_messages(self):
        result = self.parse_one(information(2, id_sms="7"))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_item_said_twice_counts_once(self):
        items = [information(1, id_sms="77", parts="1")] * 2
        self.assertEqual(self.parse_one(*items).provider_reference, "77")

    def test_items_that_contradict_each_other(self):
        other = information(1, id_sms="78"), information(1, "Нет ссылки.")
        for second in other:
            with self.subTest(second):
                result = self.parse_one(information(1, id_sms="77"), second)
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
                self.assertIsNone(result.provider_reference)

    def test_refused_documents_stop_the_route(self):
        for text, reason in DOCUMENT_TEXTS.items():
            for variant in (text, text.upper() + "."):
                with self.subTest(variant), self.assertRaises(RouteDown) as caught:
                    parse_send(error(variant), [1])
                self.assertEqual(caught.exception.message, f"{reason} ({variant})")

    def test_unknown_error_leaves_us_in_doubt(self):
        with self.assertRaisesRegex(MaybeSent, "Сервер устал"):
            parse_send(error("Сервер устал"), [1])

    def test_error_beside_items_does_not_hide_them(self):
        body = answer("<error>Неправильный логин или пароль</error>", information(1))
        results = parse_send(body, [1, 2])
        outcomes = [results[n].outcome for n in (1, 2)]
        self.assertEqual(outcomes, [Outcome.ACCEPTED, Outcome.MAYBE_SENT])

    def test_answers_that_are_none(self):
        whole = answer(information(1, id_sms="7"), information(2, id_sms="8"))
        for body in (
            b"",
            b"send",
            b"<html><body>502 Bad Gateway</body></html>",
            answer(root="request"),
            *(whole[:size] for size in range(1, len(whole), 7)),
        ):
            with self.subTest(body), self.assertRaises(MaybeSent):
                parse_send(body, [1, 2])


class TestXmlGateStates(BaseCase):
    WORDS = {
        "send": (DeliveryStatus.ACCEPTED, None),
        "deliver": (DeliveryStatus.DELIVERED, None),
        "not_deliver": (DeliveryStatus.FAILED, "unreachable"),
        "expired": (DeliveryStatus.EXPIRED, None),
        "partly_deliver": (DeliveryStatus.UNKNOWABLE, None),
        "flying": (DeliveryStatus.ACCEPTED, None),
        "": (DeliveryStatus.ACCEPTED, None),
    }

    def parse_one(self, state, zone=MOSCOW):
        [report] = parse_state(answer(state), zone)
        return report

    def test_every_word(self):
        for word, (status, failure_type) in self.WORDS.items():
            with self.subTest(word):
                report = self.parse_one(f'<state id_sms="7" time="">{word}</state>')
                self.assertEqual(report.status, status)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual(report.raw, word)
                self.assertEqual(report.provider_reference, "7")
                self.assertIsNone(report.occurred_at)

    def test_new_attributes(self):
        report = self.parse_one(
            '<state id_sms="7" time="" num_parts="2" price="1.15" viber="0">'
            "deliver</state>"
        )
        self.assertEqual(report.segments, 2)

    def test_times_are_the_accounts(self):
        times = {
            ("2020-01-01 12:57:46", "Europe/Moscow"): "2020-01-01 09:57:46",
            ("2020-01-01 12:57:46", "Asia/Novosibirsk"): "2020-01-01 05:57:46",
            ("2026-01-15 12:00:00", "Europe/Berlin"): "2026-01-15 11:00:00",
            ("2026-07-15 12:00:00", "Europe/Berlin"): "2026-07-15 10:00:00",
        }
        for (local, zone), expected in times.items():
            with self.subTest(local=local, zone=zone):
                report = self.parse_one(
                    f'<state id_sms="7" time="{local}">deliver</state>', ZoneInfo(zone)
                )
                self.assertEqual(report.occurred_at.isoformat(" "), f"{expected}+00:00")

    def test_times_that_are_none(self):
        for time in ("", "0000-00-00 00:00:00", "2020-13-01 00:00:00", "yesterday"):
            with self.subTest(time):
                report = self.parse_one(
                    f'<state id_sms="7" time="{time}">deliver</state>'
                )
                self.assertIsNone(report.occurred_at)
                self.assertEqual(report.status, DeliveryStatus.DELIVERED)

    def test_time_at_the_edge_of_the_calendar(self):
        self.assertIsNone(
            self.parse_one(
                '<state id_sms="7" time="0001-01-01 00:00:00">deliver</state>'
            ).occurred_at
        )

    def test_states_without_id_are_left_out(self):
        states = '<state id_sms="7">deliver</state><state time="">deliver</state>'
        self.assertEqual(len(parse_state(answer(states), MOSCOW)), 1)

    def test_no_state_known(self):
        self.assertEqual(parse_state(answer(), MOSCOW), [])

    def test_refused_question(self):
        for text in DOCUMENT_TEXTS:
            with self.subTest(text), self.assertRaises(RouteDown):
                parse_state(error(text), MOSCOW)

    def test_unreadable_answers(self):
        for body in (b"", b"deliver", b"<html/>", error("Сервер устал")):
            with self.subTest(body), self.assertRaises(ProviderError):
                parse_state(body, MOSCOW)


class TestXmlGatePush(BaseCase):
    STATES = (
        '<state id_sms="3234" time="2020-01-01 12:57:46">deliver</state>'
        '<state id_sms="3235" time="">not_deliver</state>'
        '<state id_sms="3234" time="2020-01-01 12:57:46">deliver</state>'
    )

    def test_both_roots_are_understood_and_acknowledged(self):
        for root in ("request", "response"):
            with self.subTest(root):
                pushed = parse_push(answer(self.STATES, root=root), MOSCOW)
                self.assertEqual(
                    [(r.provider_reference, r.status) for r in pushed.reports],
                    [
                        ("3234", DeliveryStatus.DELIVERED),
                        ("3235", DeliveryStatus.FAILED),
                        ("3234", DeliveryStatus.DELIVERED),
                    ],
                )
                self.assertEqual(
                    pushed.body.decode(),
                    DECLARATION + "<response><id_sms>3234</id_sms>"
                    "<id_sms>3235</id_sms></response>",
                )
                self.assertEqual(pushed.content_type, "text/xml; charset=utf-8")

    def test_unknown_words_are_acknowledged_too(self):
        pushed = parse_push(
            answer('<state id_sms="7">flying</state>', root="request"), MOSCOW
        )
        self.assertEqual(pushed.reports[0].raw, "flying")
        self.assertIn(b"<id_sms>7</id_sms>", pushed.body)

    def test_push_without_states(self):
        pushed = parse_push(answer(root="request"), MOSCOW)
        self.assertEqual(pushed.reports, ())
        self.assertEqual(pushed.body.decode(), DECLARATION + "<response/>")

    def test_unreadable_pushes(self):
        for body in (b"", b"deliver", b"<html/>", b"<request>", answer(root="state")):
            with self.subTest(body), self.assertRaises(UnreadablePush):
                parse_push(body, MOSCOW)

    def test_unknown_zone_makes_pushes_unreadable(self):
        provider = XmlGateProvider({**SETTINGS, "timezone": "Moscow"}, FakeHttp())
        with self.assertRaisesRegex(UnreadablePush, "Unknown time zone 'Moscow'"):
            provider.parse_push(PushRequest("POST", answer(self.STATES)))

    def test_provider_reads_pushes_in_its_zone(self):
        provider = XmlGateProvider({**SETTINGS, "timezone": "Asia/Omsk"}, FakeHttp())
        pushed = provider.parse_push(
            PushRequest("POST", answer(self.STATES, root="request"))
        )
        self.assertEqual(
            pushed.reports[0].occurred_at,
            datetime(2020, 1, 1, 6, 57, 46, tzinfo=timezone.utc),
        )


class TestXmlGateInbound(BaseCase):
    QUERY = {
        "date": "2020-01-31 12:55:53",
        "prefix": "AKCIYA",
        "text": "AKCIYA да, хочу",
        "smsid": "1234",
        "sender": "79001234567",
        "receiver": "3443",
    }

    def push(self, **values):
        """What the adapter makes of a call by GET; None: the field is missing."""
        fields = {**self.QUERY, **values}
        query = Fields((n, v) for n, v in fields.items() if v is not None)
        provider = XmlGateProvider(SETTINGS, FakeHttp())
        return provider.parse_push(PushRequest("GET", b"", query=query))

    def test_question_includes_its_second(self):
        moment = datetime(2026, 3, 1, 12, 0, 0, 999, tzinfo=timezone.utc)
        root = etree.fromstring(build_incoming(moment, ACCOUNT))
        self.assertEqual(
            dict(root.find("time").attrib), {"start": "2026-03-01 14:59:59"}
        )
        self.assertEqual(root.find("security/login").get("value"), "me")

    def test_answer_of_the_documentation(self):
        sms = (
            '<sms id_sms="1234" date_receive="2020-01-31 12:55:53" '
            'originator="79001234567" prefix="AKCIYA" phone="3443">Текст\nСМС.</sms>'
        )
        self.assertEqual(
            parse_incoming(answer(sms), MOSCOW),
            [
                InboundMessage(
                    sender="+79001234567",
                    text="Текст\nСМС.",
                    recipient="3443",
                    provider_reference="1234",
                    received_at=datetime(2020, 1, 31, 9, 55, 53, tzinfo=timezone.utc),
                )
            ],
        )

    def test_nothing_came(self):
        self.assertEqual(parse_incoming(answer(), MOSCOW), [])

    def test_refused_question(self):
        with self.assertRaises(RouteDown):
            parse_incoming(error("Неправильный логин или пароль"), MOSCOW)
        with self.assertRaises(ProviderError):
            parse_incoming(error("Что-то не так"), MOSCOW)

    def test_incomplete_messages_are_read_as_far_as_they_go(self):
        http = FakeHttp(answer("<sms>Кто я?</sms>", '<sms originator="MTS">Да</sms>'))
        provider = XmlGateProvider(SETTINGS, http)
        moment = datetime(2026, 3, 1, tzinfo=timezone.utc)
        self.assertEqual(
            provider.fetch_inbound(moment), [InboundMessage(sender="MTS", text="Да")]
        )
        self.assertEqual(http.posts[0][0], "https://gate.example/xml/incoming.php")

    def test_message_that_is_called_in(self):
        pushed = self.push()
        self.assertEqual(
            pushed.inbound,
            (
                InboundMessage(
                    sender="+79001234567",
                    text="AKCIYA да, хочу",
                    recipient="3443",
                    provider_reference="1234",
                    received_at=datetime(2020, 1, 31, 9, 55, 53, tzinfo=timezone.utc),
                ),
            ),
        )
        self.assertEqual(pushed.reports, ())
        # anything else would be sent to the subscriber
        self.assertEqual((pushed.status, pushed.body), (200, b"smsid=1234"))

    def test_only_the_id_and_the_sender_are_needed(self):
        pushed = self.push(date=None, prefix=None, text=None, receiver=None)
        self.assertEqual(
            pushed.inbound,
            (
                InboundMessage(
                    sender="+79001234567", text="", provider_reference="1234"
                ),
            ),
        )
        self.assertIsNone(self.push(date="yesterday").inbound[0].received_at)

    def test_calls_that_are_no_messages(self):
        for values in (
            {"smsid": None},
            {"smsid": ""},
            {"smsid": "12\r\nX: y"},
            {"smsid": "<b>"},
            {"smsid": "9" * 5000},
            {"sender": None},
            {"sender": " "},
        ):
            with self.subTest(values), self.assertRaises(UnreadablePush):
                self.push(**values)

    def test_delivery_reports_do_not_depend_on_the_query(self):
        query = Fields(self.QUERY.items())
        body = answer('<state id_sms="7">deliver</state>', root="request")
        provider = XmlGateProvider(SETTINGS, FakeHttp())
        pushed = provider.parse_push(PushRequest("POST", body, query=query))
        self.assertEqual(pushed.inbound, ())
        self.assertEqual(pushed.reports[0].status, DeliveryStatus.DELIVERED)


class TestXmlGateBalance(BaseCase):
    def test_answer_of_the_manual(self):
        balance = parse_balance(MANUAL_BALANCE)
        self.assertEqual(balance.money, (Money(Decimal("97.9"), "RUB"),))
        self.assertEqual(balance.units, (Units("Россия", 47),))
        self.assertEqual(balance.raw, MANUAL_BALANCE)
        self.assertEqual(balance.text, MANUAL_BALANCE.decode())

    def test_answer_of_2016(self):
        balance = parse_balance(
            answer(
                '<money currency="RUR">150</money><sms area="Россия">111</sms>'
                '<sms area="Украина">12</sms>'
            )
        )
        self.assertEqual(balance.money, (Money(Decimal("150"), "RUB"),))
        self.assertEqual(balance.units, (Units("Россия", 111), Units("Украина", 12)))

    def test_answer_of_2023(self):
        line = (
            '<sms area="МТС" price="1.1" type_sms="sms" type_text="{}" MCC="250" '
            'MNC="1">{}</sms>'
        )
        balance = parse_balance(
            answer(
                '<money currency="RUR">356.1</money>',
                line.format("Рекламные", 136),
                line.format("Сервисные", 200),
            )
        )
        self.assertEqual(balance.money, (Money(Decimal("356.1"), "RUB"),))
        self.assertEqual(balance.units, (Units("МТС", 136), Units("МТС", 200)))

    def test_other_currencies_and_debts(self):
        balance = parse_balance(
            answer(
                '<money currency="eur"> -12,50 </money><money currency="RUB">0</money>'
            )
        )
        self.assertEqual(
            balance.money, (Money(Decimal("-12.50"), "EUR"), Money(Decimal(0), "RUB"))
        )

    def test_lines_that_make_no_sense_are_left_out(self):
        balance = parse_balance(
            answer(
                '<money currency="RUR">many</money><money>5</money><money/>',
                '<money currency="RUR">NaN</money><money currency="R">1</money>',
                f'<money currency="RUR">{"9" * 5000}</money>',
                '<sms area="МТС">few</sms><sms>5</sms><sms area="">5</sms>',
                f'<sms area="МТС">{"9" * 5000}</sms><sms area="Билайн">5</sms>',
            )
        )
        self.assertEqual(balance.money, ())
        self.assertEqual(balance.units, (Units("Билайн", 5),))

    def test_declared_encodings(self):
        content = '<response><sms area="Россия">47</sms></response>'
        for encoding in ("windows-1251", "utf-8", "utf-16"):
            with self.subTest(encoding):
                text = f'<?xml version="1.0" encoding="{encoding}"?>\r\n{content}'
                balance = parse_balance(text.encode(encoding))
                self.assertEqual(balance.units, (Units("Россия", 47),))
                self.assertEqual(balance.text, text)

    def test_byte_order_mark_is_not_text(self):
        balance = parse_balance(b"\xef\xbb\xbf" + MANUAL_BALANCE)
        self.assertEqual(balance.text, MANUAL_BALANCE.decode())

    def test_refused_question(self):
        for text, reason in DOCUMENT_TEXTS.items():
            with self.subTest(text), self.assertRaises(RouteDown) as caught:
                parse_balance(error(text))
            self.assertIn(reason, caught.exception.message)

    def test_unreadable_answers(self):
        for body in (b"", b"97.9", b"<html/>", error("Сервер устал")):
            with self.subTest(body), self.assertRaises(ProviderError):
                parse_balance(body)


class TestXmlGateAttacks(BaseCase):
    """Whoever answers, or pushes to our open address, may be anybody."""

    LAUGHS = "".join(
        f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9)
    ).replace("&l0;", "ha")
    DOCUMENTS = {
        "billion laughs": f"<!DOCTYPE r [{LAUGHS}]><response>&l9;</response>",
        "laughs in an attribute": f"<!DOCTYPE r [{LAUGHS}]>"
        '<response><state id_sms="&l9;"/></response>',
        "external entity": '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        "<response>&f;</response>",
        "external DTD": '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x"><response/>',
        "parameter entity": '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> '
        "%p;]><response/>",
        "bare DOCTYPE": "<!DOCTYPE response><response/>",
        "unknown entity": "<response>&nothing;</response>",
        "deep tree": "<response>" + "<a>" * 5000 + "</a>" * 5000 + "</response>",
        "too large": "<response>" + " " * 5_000_000 + "</response>",
    }

    def assert_refused(self, body):
        with self.assertRaises(MaybeSent):
            parse_send(body, [1])
        with self.assertRaises(ProviderError):
            parse_state(body, MOSCOW)
        with self.assertRaises(ProviderError):
            parse_balance(body)
        with self.assertRaises(ProviderError):
            parse_incoming(body, MOSCOW)
        with self.assertRaises(UnreadablePush):
            parse_push(body, MOSCOW)

    def test_attacks_are_refused(self):
        for name, document in self.DOCUMENTS.items():
            with self.subTest(name):
                self.assert_refused(document.encode())

    def test_attacks_in_another_encoding_are_refused(self):
        for name, document in self.DOCUMENTS.items():
            with self.subTest(name):
                self.assert_refused(document.encode("utf-16"))


class TestXmlGateSettings(BaseCase):
    def make(self, http=None, **values):
        return XmlGateProvider({**SETTINGS, **values}, http or FakeHttp())

    def test_good_settings(self):
        self.assertEqual(self.make().check_settings(), [])
        self.assertEqual(self.make().missing_settings(), [])
        for sender in ("ElevenChars", "123456789012345"):
            self.assertEqual(self.make(sender=sender).check_settings(), [])

    def test_what_is_required(self):
        missing = XmlGateProvider({}, FakeHttp()).missing_settings()
        self.assertEqual({setting.name for setting in missing}, set(SETTINGS))

    def test_only_the_password_is_secret(self):
        secret = [s.name for s in XmlGateProvider.settings if s.secret]
        self.assertEqual(secret, ["password"])

    def test_bad_settings_are_told(self):
        number = "Messages per request must be an integer from 1 to 500."
        address = "Enter the provider URL as https://host."
        zone = "Unknown time zone {!r}. Use a name such as Europe/Moscow."
        sender = "The sender name can have up to 11 characters, or up to 15 digits."
        for name, value, sentence in (
            ("url", "gate.example", address),
            ("url", "ftp://gate.example", address),
            ("url", "https://", address),
            ("url", "https://[", address),
            ("timezone", "Moscow", zone.format("Moscow")),
            ("timezone", "../etc/passwd", zone.format("../etc/passwd")),
            ("timezone", "Europe", zone.format("Europe")),
            ("max_batch", "many", number),
            ("max_batch", "501", number),
            ("max_batch", "-1", number),
            ("sender", "TwelveLetter", sender),
            ("sender", "1234567890123456", sender),
            ("login", "me\x0b", "Login contains a character that XML does not allow."),
        ):
            with self.subTest(name=name, value=value):
                self.assertEqual(
                    self.make(**{name: value}).check_settings(), [sentence]
                )

    def test_batch_size_is_the_settings(self):
        sizes = {"": 200, "1": 1, "500": 500, "0": 200, "9999": 200, "many": 200}
        for value, expected in sizes.items():
            with self.subTest(value):
                self.assertEqual(self.make(max_batch=value).max_batch, expected)

    def test_gate_that_does_not_honour_our_ids(self):
        self.assertTrue(self.make().is_idempotent)
        self.assertFalse(self.make(honours_client_id="0").is_idempotent)

    def test_bad_settings_stop_the_route_before_anything_is_sent(self):
        http = FakeHttp()
        provider = self.make(http, timezone="Moscow")
        [result] = provider.submit([make_request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("time zone 'Moscow'", result.route_down)
        self.assertEqual(http.posts, [])

    def test_address_is_understood_however_it_is_entered(self):
        for url in (
            "https://gate.example",
            "https://gate.example/",
            " https://gate.example/xml/ ",
        ):
            with self.subTest(url):
                http = FakeHttp(MANUAL_BALANCE)
                self.make(http, url=url).balance()
                self.assertEqual(
                    http.posts[0][0], "https://gate.example/xml/balance.php"
                )


class TestXmlGateProvider(BaseCase):
    def test_what_it_can_do(self):
        self.assertEqual(
            XmlGateProvider.capabilities,
            Capabilities(
                channels=frozenset({"sms"}),
                max_batch=500,
                per_recipient_text=True,
                client_reference=ClientReference.DEDUP,
                validity=(60, None),
                push=True,
                poll=True,
                max_poll=500,
                balance=True,
                inbound_push=True,
                inbound_poll=True,
            ),
        )

    def submit(self, *requests, http, **values):
        return XmlGateProvider({**SETTINGS, **values}, http).submit(requests)

    def test_send_is_posted_as_xml(self):
        http = FakeHttp(answer(information(1, id_sms="7")))
        [result] = self.submit(make_request(), http=http)
        [(url, body, headers)] = http.posts
        self.assertEqual(url, "https://gate.example/xml/")
        self.assertEqual(headers, {"Content-Type": "text/xml; charset=utf-8"})
        self.assertEqual(body, build_send({1: make_request()}, ACCOUNT))
        self.assertEqual(result.provider_reference, "7")

    def test_poll_and_balance_have_pages_of_their_own(self):
        http = FakeHttp(answer('<state id_sms="7">deliver</state>'), MANUAL_BALANCE)
        provider = XmlGateProvider(SETTINGS, http)
        self.assertEqual(provider.poll(["7"])[0].status, DeliveryStatus.DELIVERED)
        self.assertEqual(provider.test_connection(), "97.90 RUB")
        pages = [url.rpartition("/")[2] for url, _body, _headers in http.posts]
        self.assertEqual(pages, ["state.php", "balance.php"])

    @freeze_time("2026-11-23 10:00:10")
    def test_deadline_does_not_pass_on_the_way(self):
        now = datetime(2026, 11, 23, 10, 0, 10, tzinfo=timezone.utc)
        deadlines = {1: "13:02", 50: "13:02", 60: "13:02", 111: "13:03"}
        for seconds, expected in deadlines.items():
            with self.subTest(seconds):
                http = FakeHttp(answer())
                request = make_request(valid_until=now + timedelta(seconds=seconds))
                self.submit(request, http=http)
                [abonent] = etree.fromstring(http.posts[0][1]).iter("abonent")
                self.assertEqual(
                    abonent.get("validity_period"), f"2026-11-23 {expected}"
                )

    def test_characters_xml_cannot_carry_refuse_their_message_only(self):
        characters = ("\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff")
        for character in characters:
            with self.subTest(repr(character)):
                http = FakeHttp(
                    answer(information(3, id_sms="73"), information(1, id_sms="71"))
                )
                results = self.submit(
                    make_request(1),
                    make_request(2, text=f"bad{character}"),
                    make_request(3),
                    http=http,
                )
                references = [result.provider_reference for result in results]
                self.assertEqual(references, ["71", None, "73"])
                self.assertEqual(results[1].failure_type, "content_rejected")
                self.assertEqual(results[1].outcome, Outcome.REFUSED)

    def test_nothing_is_posted_when_nothing_can_be_sent(self):
        http = FakeHttp()
        requests = make_request(1, text="\x0b"), make_request(2, channel="voice")
        results = self.submit(*requests, http=http)
        self.assertEqual(
            [result.failure_type for result in results],
            ["content_rejected", "unsupported"],
        )
        self.assertEqual(http.posts, [])

    def test_http_statuses(self):
        down, maybe, not_sent = "route_down", "maybe_sent", "not_sent"
        for status, expected in {
            204: maybe,
            300: down,
            301: down,
            400: down,
            401: down,
            403: down,
            404: down,
            408: not_sent,
            429: not_sent,
            499: down,
            500: maybe,
            502: maybe,
            503: maybe,
            504: maybe,
        }.items():
            with self.subTest(status):
                http = FakeHttp(respond(status=status))
                [result] = self.submit(make_request(), http=http)
                kind = down if result.route_down else result.outcome.value
                self.assertEqual(kind, expected)
                self.assertEqual(result.code, str(status))

    def test_wrong_address_is_named(self):
        http = FakeHttp(respond(status=404))
        [result] = self.submit(make_request(), http=http)
        self.assertEqual(
            result.route_down,
            "https://gate.example/xml/ returned HTTP 404. Check the provider URL.",
        )

    @freeze_time("2026-11-23 10:00:00")
    def test_too_many_requests_wait(self):
        for header, expected in {
            "7": 7.0,
            "-7": 0.0,
            "Mon, 23 Nov 2026 10:01:30 GMT": 90.0,
            "Mon, 23 Nov 2026 09:00:00 GMT": 0.0,
            "Mon, 23 Nov 2026 10:00:05 -0000": 5.0,
            "Mon, 23 Nov 99999999999 10:00:00 GMT": None,
            "soon": None,
            "": None,
        }.items():
            with self.subTest(header):
                http = FakeHttp(respond(status=429, retry_after=header))
                [result] = self.submit(make_request(), http=http)
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertEqual(result.retry_after, expected)
                self.assertTrue(result.is_throttled)

    def test_failures_of_http_keep_their_meaning(self):
        for failure, expected in (
            (NotSent("refused"), Outcome.NOT_SENT),
            (MaybeSent("timeout"), Outcome.MAYBE_SENT),
        ):
            with self.subTest(expected):
                [result] = self.submit(make_request(), http=FakeHttp(failure))
                self.assertEqual(result.outcome, expected)
                self.assertEqual(result.message, str(failure))

    def test_password_stands_in_no_result(self):
        for reply in (
            answer(information(1, "Нет ссылки.")),
            error("Неправильный логин или пароль"),
            respond(status=404),
        ):
            with self.subTest(reply):
                results = self.submit(make_request(), http=FakeHttp(reply))
                self.assertNotIn("s3cret", repr(results))


# === WHATEVER COMES ===
WHATEVER = settings(deadline=None, derandomize=True, max_examples=300)
#: pieces of answers, so that chance gets beyond the first tag
PIECES = st.lists(
    st.sampled_from(
        [
            DECLARATION,
            '<?xml version="1.0" encoding="ascii"?>',
            "<response>",
            "</response>",
            "<request>",
            "</request>",
            "<!-- -->",
            "<?pi?>",
            "<![CDATA[send]]>",
            "&#x20;",
            "&amp;",
            "<information number_sms='1' id_sms='7'>send</information>",
            "<information number_sms='2'>Нет ссылки.</information>",
            "<information number_sms='&#49;'>send</information>",
            "<information><b>send</b></information>",
            "<state id_sms='7' time='2020-01-01 12:57:46'>deliver</state>",
            "<state id_sms='&lt;' time='9999-12-31 23:59:59'/>",
            "<money currency='RUR'>97.9</money>",
            "<sms area='Россия'>47</sms>",
            "<error>Неправильный логин или пароль</error>",
            "<error/>",
            "\x00",
            "é",
        ]
    ),
    max_size=8,
).map(lambda pieces: "".join(pieces).encode())
DOCUMENTS = PIECES.map(
    lambda content: DECLARATION.encode() + b"<response>" + content + b"</response>"
)
BODIES = st.one_of(st.binary(max_size=200), PIECES, DOCUMENTS)


class TestXmlGateProperties(BaseCase):
    @WHATEVER
    @given(BODIES)
    def test_answers_to_sends_raise_nothing_else(self, body):
        try:
            results = parse_send(body, [1, 2, 3])
        except (MaybeSent, RouteDown):
            return
        self.assertEqual(list(results), [1, 2, 3])
        self.assertEqual(results[3].outcome, Outcome.MAYBE_SENT)

    @WHATEVER
    @given(BODIES)
    def test_states_raise_nothing_else(self, body):
        try:
            parse_state(body, MOSCOW)
        except ProviderError:
            pass

    @WHATEVER
    @given(BODIES)
    def test_pushes_raise_nothing_else(self, body):
        try:
            pushed = parse_push(body, MOSCOW)
        except UnreadablePush:
            return
        acknowledged = etree.fromstring(pushed.body)
        self.assertEqual(
            {element.text for element in acknowledged},
            {report.provider_reference for report in pushed.reports},
        )

    @WHATEVER
    @given(BODIES)
    def test_inbound_messages_raise_nothing_else(self, body):
        try:
            parse_incoming(body, MOSCOW)
        except ProviderError:
            pass

    @WHATEVER
    @given(st.dictionaries(st.sampled_from(tuple(TestXmlGateInbound.QUERY)), st.text()))
    def test_inbound_pushes_raise_nothing_else(self, fields):
        try:
            pushed = parse_inbound_push(fields, MOSCOW)
        except UnreadablePush:
            return
        self.assertRegex(pushed.body, rb"\Asmsid=[0-9]+\Z")

    @WHATEVER
    @given(BODIES)
    def test_balances_raise_nothing_else(self, body):
        try:
            balance = parse_balance(body)
        except ProviderError:
            return
        self.assertEqual(balance.raw, body)

    @WHATEVER
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["", "0", "1", "2", "3", "4", "02", "²", "1 2"]),
                st.sampled_from([*MESSAGE_TEXTS, "", "новое"]),
            ),
            max_size=8,
        )
    )
    def test_no_result_is_attributed_to_another(self, said):
        items = [
            (number, information(number, text, id_sms=f"{number}-{place}"))
            for place, (number, text) in enumerate(said)
        ]
        results = parse_send(answer(*(item for _number, item in items)), [1, 2, 3])
        for number, result in results.items():
            own = [item for said_of, item in items if said_of == str(number)]
            alone = parse_send(answer(*own), [1, 2, 3])[number]
            self.assertEqual(result, alone)
            if result.provider_reference:
                self.assertEqual(result.provider_reference[0], str(number))

    @WHATEVER
    @given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
    def test_any_texts_make_one_readable_document(self, texts):
        http = FakeHttp(answer())
        requests = [make_request(n, text=text) for n, text in enumerate(texts, 1)]
        results = XmlGateProvider(SETTINGS, http).submit(requests)
        refused = sum(result.outcome is Outcome.REFUSED for result in results)
        sent = 0
        for _url, body, _headers in http.posts:
            self.assertNotIn(b"\n", body)
            sent += len(list(etree.fromstring(body).iter("abonent")))
        self.assertEqual(refused + sent, len(texts))
