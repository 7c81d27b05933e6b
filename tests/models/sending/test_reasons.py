"""Why a message did not arrive, for readers of three languages."""

import re
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.controllers.api.recipient_texts import RECIPIENT_TEXTS
from odoo.addons.crm_sms_gateway.models.sending.reason_texts import (
    OF_CODE,
    OF_FAILURE_TYPE,
    OF_STATE,
)
from odoo.addons.crm_sms_gateway.models.sending.reasons import (
    explain_problem,
    is_own,
    say_words,
)
from odoo.addons.crm_sms_gateway.models.sending.row_stream import FAILURE_OF_CODE
from odoo.addons.crm_sms_gateway.models.sending.selections import FAILURE_TYPES
from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.base import BaseWords
from odoo.addons.crm_sms_gateway.providers.http import HttpWords
from odoo.addons.crm_sms_gateway.providers.reading import ReadingWords
from odoo.addons.crm_sms_gateway.providers.types import Outcome
from odoo.addons.crm_sms_gateway.providers.xml_gate_codes import GateWords
from odoo.addons.crm_sms_gateway.providers.xml_gate_documents import (
    parse_send,
    parse_state,
)
from odoo.addons.crm_sms_gateway.tools.bilingual import say
from odoo.addons.crm_sms_gateway.tools.compose import Problem, Recipient
from odoo.addons.crm_sms_gateway.tools.template_texts import TEMPLATE_TEXTS
from odoo.addons.crm_sms_gateway.tools.vocabulary import STATES

from ...common import PHONE, GatewayCase, answer, load_migration, sandbox_phone
from ..campaigns.common import DraftCase

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
LANGUAGES = ("ru_RU", "en_US", "de_DE")
#: What a message shows of its reason.
SHOWN = ("failure_reason", "failure_explanation", "failure_remedy", "failure_words")


class ReasonCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.readers = {}
        for lang in LANGUAGES:
            cls.env["res.lang"]._activate_lang(lang)
            cls.readers[lang] = new_test_user(
                cls.env,
                login=f"reader_{lang}",
                lang=lang,
                groups="crm_sms_gateway.group_administrator",
            )

    def read_as(self, lang, record):
        """The record, as a person of this language reads it."""
        reader = self.readers[lang]
        return record.with_user(reader).with_context(lang=lang)

    def read_reason(self, message, lang="en_US"):
        """The name, explanation, remedy and words of a message's reason."""
        shown = self.read_as(lang, message)
        return tuple(shown[name] or "" for name in SHOWN)

    def put(self, message, state, **values):
        """Write a message's columns, as whatever has happened to it."""
        self.force_state(message, state)
        columns = ", ".join(f"{name} = %s" for name in values)
        if values:
            self.env.cr.execute(
                f"UPDATE sms_gateway_message SET {columns} WHERE id = %s",
                [*values.values(), message.id],
            )
        self.env.invalidate_all()


class TestReasons(ReasonCase):
    def test_whatever_did_not_arrive_has_a_reason_and_a_remedy(self):
        message = self.send_one()
        for state in set(STATES) - {"queued", "submitting", "delivered"}:
            for failure_type, _label in FAILURE_TYPES:
                self.put(message, state, failure_type=failure_type, attempts=1)
                with self.subTest(state=state, failure_type=failure_type):
                    name, text, remedy, words = self.read_reason(message)
                    self.assertTrue(name and text and remedy)
                    self.assertFalse(words)

    def test_what_goes_well_has_none(self):
        message = self.send_one()
        for state in ("queued", "submitting", "submitted", "delivered"):
            self.put(message, state, attempts=1)
            self.assertEqual(self.read_reason(message), ("", "", "", ""), state)

    def test_every_failure_type_has_a_reason(self):
        self.assertEqual(OF_FAILURE_TYPE.keys(), dict(FAILURE_TYPES).keys())

    def test_every_code_of_ours_and_every_closer_sentence_has_a_reason(self):
        self.assertLessEqual(FAILURE_OF_CODE.keys(), OF_CODE.keys())
        self.assertLessEqual(RECIPIENT_TEXTS.keys(), OF_CODE.keys())

    def test_no_reason_is_in_a_strangers_language(self):
        for reasons in (OF_CODE, OF_FAILURE_TYPE, OF_STATE):
            for key, reason in reasons.items():
                for lang in ("en_US", "de_DE"):
                    env = self.env(context={"lang": lang})
                    for part in reason:
                        with self.subTest(key=key, lang=lang):
                            self.assertTrue(env._(part))
                            self.assertFalse(CYRILLIC.search(env._(part)))

    def test_a_reason_of_ours_is_read_in_the_readers_language(self):
        message = self.get_messages(self.send("123", PHONE))[0]
        self.assertTrue(CYRILLIC.search(self.read_reason(message, "ru_RU")[1]))
        for lang in ("en_US", "de_DE"):
            self.assertEqual(
                self.read_reason(message, lang)[:2],
                (
                    "Number not recognized",
                    "The phone number could not be recognized.",
                ),
            )
            self.assertFalse(self.read_reason(message, lang)[3])

    def test_values_of_the_reason_are_kept(self):
        nowhere, somewhere = Recipient(0, PHONE), {"city": "Тверь"}
        campaign = self.send(
            nowhere,
            Recipient(1, PHONE, values=somewhere),
            text="{{ city }}",
            names=("city",),
        )
        refused = self.get_messages(campaign)[0]
        self.assertEqual(
            self.read_reason(refused, "de_DE")[1],
            "The request contains no value for city.",
        )

    def test_what_was_never_ready_is_not_sent_again_but_anew(self):
        refused = self.get_messages(self.send("123", PHONE))[0]
        self.assertIn("Then send a new message.", self.read_reason(refused)[2])
        problem = Problem("invalid_number", "phone", {"reason": "unreadable"})
        self.assertNotIn("new message", explain_problem(self.env, problem).remedy)

    def test_what_expired_here_is_told_from_what_expired_at_the_provider(self):
        message = self.send_one()
        self.put(message, "expired")
        self.assertEqual(self.read_reason(message)[0], "Expired before sending")
        self.put(message, "expired", submitted_at=fields.Datetime.now())
        self.assertEqual(self.read_reason(message)[0], "Expired at the provider")
        self.put(message, "expired", submitted_at=None, maybe_sent=True)
        self.assertEqual(self.read_reason(message)[0], "Expired at the provider")

    def test_an_unknown_outcome_says_whether_the_provider_is_asked(self):
        message = self.send_one()
        self.put(message, "unknown", next_check_at=fields.Datetime.now())
        self.assertIn("is checking with the provider", self.read_reason(message)[1])
        self.put(message, "unknown", next_check_at=None)
        self.assertIn("then resolve", self.read_reason(message)[2])

    def test_a_message_that_waits_says_what_went_wrong(self):
        message = self.send_one()
        said = HttpWords.REFUSED.say(server="gate:443")
        self.put(message, "queued", attempts=1, failure_message=said)
        name, _text, _remedy, words = self.read_reason(message)
        self.assertEqual(name, "Waiting for the next attempt")
        self.assertEqual(words, "Details: gate:443 refused the connection")

    def test_a_remark_of_the_provider_is_shown(self):
        message = self.send_one()
        self.put(message, "submitted", failure_type="no_funds", attempts=1)
        self.assertEqual(self.read_reason(message)[0], "Waiting for funds")

    def test_our_blacklist_is_told_from_the_providers_stop_list(self):
        self.env["phone.blacklist"].create({"number": PHONE})
        ours = self.get_messages(self.send(PHONE, sandbox_phone("1111")))[0]
        self.assertEqual(self.read_reason(ours, "de_DE")[0], "Opted out")
        theirs = self.send_one(sandbox_phone("9908"))
        self.run_lane()
        name, _text, _remedy, words = self.read_reason(theirs, "de_DE")
        self.assertEqual(name, "On the stop list")
        self.assertEqual(words, "Provider response: Number is on the stop-list")

    def test_who_opted_out_before_the_attempt_is_told_so(self):
        message = self.send_one()
        self.env["phone.blacklist"].create({"number": PHONE})
        self.run_lane()
        self.assertEqual(message.state, "cancelled")
        reason = self.read_reason(message, "en_US")
        self.assertEqual(reason[0], "Opted out")
        self.assertFalse(CYRILLIC.search("".join(reason)))

    def test_a_decision_names_who_made_it(self):
        message = self.send_one()
        self.put(message, "unknown", attempts=1)
        self.read_as("ru_RU", message).action_resolve_failed()
        self.env.invalidate_all()
        self.assertFalse(message.failure_message)
        name, text, _remedy, words = self.read_reason(message, "de_DE")
        self.assertEqual(name, "Resolved manually")
        user = self.readers["ru_RU"].name
        self.assertIn(user, text)
        self.assertFalse(words)
        event = self.read_as("de_DE", message.event_ids[-1])
        self.assertEqual(event.words, f"Resolved manually by {user}.")

    def test_a_code_of_a_provider_is_not_taken_for_ours(self):
        route, _provider = self.script_route(
            submit=answer(
                Outcome.REFUSED,
                failure_type="operator_refusal",
                code="opted_out",
                message="Nein",
            )
        )
        message = self.send_one(route=route)
        self.run_lane()
        self.assertEqual(
            self.read_reason(message)[::3],
            ("Rejected by the operator", "Provider response: Nein (opted_out)"),
        )

    def test_what_cannot_be_sent_again_says_why_in_the_readers_language(self):
        message = self.get_messages(self.send("123", PHONE))[0]
        self.put(message, "failed", msisdn=PHONE)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET failure_type = 'invalid_number'"
            " WHERE id = %s",
            [message.id],
        )
        with self.assertRaisesRegex(Exception, "could not be recognized"):
            self.read_as("de_DE", message).action_retry()


class TestStoredSentences(ReasonCase):
    """Earlier releases stored sentences; the migration makes codes of them."""

    def setUp(self):
        super().setUp()
        self.migration = load_migration("post-reasons", "19.0.1.8.0")

    def migrate(self):
        self.env.flush_all()
        self.migration.migrate(self.env.cr, "19.0.1.7.0")
        self.env.invalidate_all()

    def test_every_sentence_of_a_recipient_becomes_what_it_said(self):
        values = {"path": "city", "count": "88", "limit": "55"}
        message = self.send_one()
        for key, texts in self.migration.SENTENCES.items():
            code, _dot, variant = key.partition(".")
            for text in texts:
                said = text.format_map({**values, "maximum": 5})
                self.put(
                    message,
                    "failed",
                    failure_code=code,
                    failure_params=None,
                    failure_message=said,
                )
                self.migrate()
                with self.subTest(said):
                    self.assertFalse(message.failure_message)
                    params = message.failure_params
                    self.assertEqual(params.get("variant", ""), variant)
                    name = self.env._(OF_CODE[key].name)
                    self.assertEqual(self.read_reason(message)[0], name)
                    for value in values.values():
                        self.assertEqual(value in params.values(), value in said)

    def test_a_sentence_that_is_not_known_leaves_its_code(self):
        message = self.send_one()
        said = "Отказался"
        self.put(message, "cancelled", failure_code="opted_out", failure_message=said)
        self.migrate()
        self.assertEqual(message.failure_params, {})
        self.assertEqual(self.read_reason(message)[0], "Opted out")

    def test_what_a_provider_said_stays(self):
        message = self.send_one()
        said = "Resolved by itself"
        self.put(
            message,
            "failed",
            attempts=1,
            failure_code="opted_out",
            failure_message=said,
        )
        self.migrate()
        self.assertEqual(message.failure_message, said)
        self.assertIs(message.failure_params, False)

    def test_decisions_become_what_they_said(self):
        """The first ones had no code and no full stop."""
        message = self.send_one()
        for code, said in (
            (None, "Решение принял пользователь Анна"),
            (None, "Resolved by Анна."),
            ("resolved", "Решение принял пользователь Анна."),
        ):
            self.put(
                message,
                "failed",
                attempts=1,
                failure_code=code,
                failure_params=None,
                failure_message=said,
            )
            event = self.env["sms.gateway.event"].create(
                {
                    "message_id": message.id,
                    "kind": "failed",
                    "source": "person",
                    "occurred_at": fields.Datetime.now(),
                    "recorded_at": fields.Datetime.now(),
                    "code": code,
                    "detail": said,
                }
            )
            self.migrate()
            with self.subTest(said):
                self.assertEqual(message.failure_code, "resolved")
                self.assertEqual(
                    self.read_reason(message)[1],
                    "Анна marked the message as failed.",
                )
                self.assertEqual(event.params, {"user": "Анна"})
                self.assertFalse(event.detail)
                shown = self.read_as("de_DE", event).words
                self.assertEqual(shown, "Resolved manually by Анна.")

    def test_what_adapters_said_is_reworded(self):
        """Old sentences lead to sentences, or labels, that are known today."""
        words = load_migration("post-words", "19.0.1.8.0")
        known = {text for one in PROVIDERS.values() for text in one.get_words()}
        labels = {
            text
            for one in PROVIDERS.values()
            for setting in one.settings
            for text in (setting.label, *(c.label for c in setting.choices or ()))
        }
        self.assertFalse(set(words.WORDS.values()) - known - labels)
        message = self.send_one()
        said = (
            "Missing settings: Address of the API, Password\nConnection to a:1 refused"
        )
        self.put(message, "queued", attempts=1, failure_message=said)
        self.env.flush_all()
        words.migrate(self.env.cr, "19.0.1.7.0")
        self.env.invalidate_all()
        self.assertEqual(
            message.failure_message.split("\n"),
            [
                "Required settings are missing: API URL, Password",
                "a:1 refused the connection",
            ],
        )
        self.assertTrue(is_own(message.failure_message))


class TestWords(ReasonCase):
    def say(self, said, lang):
        return say_words(self.env(context={"lang": lang}), said)

    def test_what_adapters_say_is_found_again(self):
        """Every sentence, with values in it, is known as the adapter's own."""
        for words in (BaseWords, HttpWords, GateWords):
            for one in words:
                names = re.findall(r"{(\w+)}", one.value)
                said = one.say(**dict.fromkeys(names, "x:1"))
                with self.subTest(said):
                    self.assertEqual(self.say(said, "de_DE"), said)
                    message = self.send_one()
                    self.put(message, "unknown", failure_message=said)
                    shown = self.read_reason(message)[3]
                    self.assertEqual(shown, f"Details: {said}")

    def test_they_are_said_in_the_readers_language(self):
        said = BaseWords.PAUSED_BY_HAND.say()
        self.assertEqual(self.say(said, "ru_RU"), "Приостановлен вручную")
        self.assertEqual(self.say(said, "de_DE"), said)

    def test_labels_of_settings_are_translated_in_them(self):
        said = BaseWords.MISSING_SETTINGS.say(labels="Login, Password")
        self.assertIn("Логин, Пароль", self.say(said, "ru_RU"))

    def test_words_of_providers_stay_as_they_are(self):
        for said in ("Абонент недоступен", "Blocked", "", "{x} %(y)s"):
            for lang in LANGUAGES:
                self.assertEqual(self.say(said, lang), said)


class TestXmlGate(ReasonCase):
    def test_whatever_the_gate_answers_has_a_reason_with_its_words_beside(self):
        for said in (
            "Номер телефона присутствует в стоп-листе",
            "Данное направление закрыто для вас",
            "Текст SMS отклонен модератором",
            "Отправитель не прошел модерацию",
            "Нет текста сообщения",
            "Что-то новое",
        ):
            body = (
                f"<response><information number_sms='1'>{said}</information></response>"
            )
            result = parse_send(body.encode(), [1])[1]
            message = self.send_one()
            self.put(
                message,
                "failed",
                attempts=1,
                failure_type=result.failure_type,
                failure_message=result.message,
            )
            name, text, remedy, words = self.read_reason(message, "de_DE")
            with self.subTest(said):
                self.assertTrue(name and text and remedy)
                self.assertFalse(CYRILLIC.search(name + text + remedy))
                self.assertEqual(words, f"Provider response: {said}")

    def test_a_state_of_the_gate_is_kept_as_the_providers_code(self):
        body = b"<response><state id_sms='7'>not_deliver</state></response>"
        [report] = parse_state(body, ZoneInfo("UTC"))
        self.assertEqual(
            (report.code, report.failure_type), ("not_deliver", "unreachable")
        )


class TestStrangersWords(ReasonCase):
    def test_what_a_provider_says_is_not_taken_for_our_own(self):
        """Our sentences are found by their text: one that is all placeholders would be
        found everywhere."""
        for said in (
            "Error: number is wrong.",
            "phone, line 2: not a number.",
            "Ошибка: неверный номер.",
            "12 refused",
            "Missing text",
        ):
            with self.subTest(said):
                self.assertFalse(is_own(said))


class TestDeliveryReports(ReasonCase):
    def test_what_was_pushed_is_told_in_the_readers_language(self):
        why = ReadingWords.NOT_XML.say()
        Report = self.env["sms.gateway.delivery.report"]
        report = Report._store_unreadable(self.route, b"?", why)
        report.failure_type = "unreachable"
        shown = self.read_as("ru_RU", report)
        self.assertEqual(shown.words, self.say_russian(why))
        self.assertEqual(
            shown.failure_reason, self.say_russian("Subscriber unreachable")
        )
        self.assertEqual(
            self.read_as("de_DE", report).failure_reason, "Subscriber unreachable"
        )

    def say_russian(self, text):
        return self.env(context={"lang": "ru_RU"})._(text)


class TestPauses(ReasonCase):
    def test_a_pause_by_hand_is_read_in_the_readers_language(self):
        self.read_as("ru_RU", self.route).action_pause()
        self.assertEqual(
            self.read_as("de_DE", self.route).pause_words, "Paused manually"
        )
        self.assertEqual(
            self.read_as("ru_RU", self.route).pause_words, "Приостановлен вручную"
        )

    def test_the_responsible_is_told_in_their_language(self):
        self.route.user_id = self.readers["ru_RU"]
        self.env["sms.gateway.route.pause"]._pause(
            self.route, BaseWords.MISSING_SETTINGS.say(labels="Login")
        )
        self.assertIn("Логин", self.route.activity_ids.note)

    def test_words_of_the_gate_stand_beside_the_reason(self):
        self.env["sms.gateway.route.pause"]._pause(
            self.route, GateWords.WRONG_LOGIN.say(text="Неправильный логин")
        )
        self.assertEqual(
            self.read_as("de_DE", self.route).pause_words,
            "The provider rejected the login or the password (Неправильный логин)",
        )

    def test_a_question_that_failed_is_read_in_the_readers_language(self):
        request = self.env["sms.gateway.provider.request"].create(
            {
                "route_id": self.route.id,
                "state": "failed",
                "error": BaseWords.MISSING_SETTINGS.say(labels="Login"),
            }
        )
        self.assertEqual(
            self.read_as("de_DE", request).summary,
            "Required settings are missing: Login",
        )
        self.assertIn("Логин", self.read_as("ru_RU", request).summary)
        self.assertEqual(
            request._get_details()["error"], "Required settings are missing: Login"
        )

    def test_a_campaign_whose_text_is_wrong_says_so_in_the_readers_language(self):
        campaign = self.send(PHONE)
        values = {"variant": "person", "line": 2, "detail": "citi"}
        said = say(TEMPLATE_TEXTS, "template_unknown_name", "ru", **values)
        self.env["sms.gateway.campaign.state"]._stop(campaign, said)
        shown = self.read_as("de_DE", campaign).pause_words
        self.assertFalse(CYRILLIC.search(shown))
        self.assertIn("citi", shown)
        self.assertEqual(self.read_as("ru_RU", campaign).pause_words, said)


class TestDrafts(DraftCase):
    def test_a_german_author_reads_no_russian(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.author.lang = "de_DE"
        nobody = self.make_contact("Без Номера", "1")
        draft = self.draft(nobody, text_female="{{ unknown_name }}")
        draft = draft.with_context(lang="de_DE")
        findings = draft.action_preview({})["findings"]
        self.assertTrue(findings)
        self.assertFalse(any(CYRILLIC.search(one["text"]) for one in findings))
        draft.text_female = "Hallo"
        problem = draft.action_preview({})["recipient"]["problem"]
        self.assertTrue(problem)
        self.assertFalse(CYRILLIC.search(problem))

    def test_the_note_in_the_chatter_is_in_the_authors_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.author.lang = "de_DE"
        nobody = self.make_contact("Nobody", "1")
        self.send_draft(nobody, text_male="Hallo", text_female="")
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()
        body = nobody.message_ids[0].body
        self.assertIn("is wrong. Check the number", body)
        self.assertFalse(CYRILLIC.search(body))

    def test_closer_problems_have_closer_reasons(self):
        for reason in ("several", "digits_lost", "doubtful", "no_country"):
            problem = Problem("invalid_number", "phone", {"reason": reason})
            wanted = self.env._(OF_CODE[f"invalid_number.{reason}"].name)
            self.assertEqual(explain_problem(self.env, problem).name, wanted)
