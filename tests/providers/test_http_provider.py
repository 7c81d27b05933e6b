"""What every adapter over HTTP does, whatever its protocol."""

from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import http_provider
from odoo.addons.crm_sms_gateway.providers.errors import (
    MaybeSent,
    NotSent,
    ProviderError,
    RouteDown,
)
from odoo.addons.crm_sms_gateway.providers.http_provider import (
    AnswerWords,
    HttpProvider,
    post_form,
    refused,
    stop,
    throttled,
    try_later,
    try_later_alone,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    Context,
    Outcome,
    SubmitResult,
)

from .common import FakeHttp, make_request, respond

TAKEN = b"OK"


class Example(HttpProvider):
    """Takes batches as forms; what is wrong is one word with HTTP status 400."""

    code = "example"
    label = "Example"
    description = "Example"
    capabilities = Capabilities(channels=frozenset({"sms"}), max_batch=10)
    base_url = "https://api.example.com/v1/"
    errors = {
        "bad": refused("invalid_number"),
        "money": stop(AnswerWords.NO_FUNDS),
        "busy": try_later(7),
        "slow": throttled(),
        "wait": try_later_alone(),
    }

    def _build_submit(self, requests):
        return post_form("send", [("to", request.msisdn) for request in requests])

    def _parse_submit(self, answer, requests):
        return [SubmitResult(Outcome.ACCEPTED, provider_reference="r")] * len(requests)

    def _read_error(self, answer):
        return answer.text, f"{answer.text} indeed"


class OneEach(Example):
    """Every message is a group of its own."""

    def _get_group(self, request):
        return request.uuid


def bad(word="bad", status=400, **headers):
    return respond(word.encode(), status=status, **headers)


class HttpProviderCase(BaseCase):
    def submit(self, *answers, count=1, provider=Example):
        """The outcomes of so many messages, and how many calls they took."""
        self.http = FakeHttp(*answers)
        requests = [make_request(number) for number in range(1, count + 1)]
        self.results = provider({}, self.http).submit(requests)
        return [result.outcome.value for result in self.results], len(self.http.posts)


class TestStatuses(HttpProviderCase):
    def test_what_a_status_means_where_the_code_says_nothing(self):
        for status, outcome, is_down in (
            (302, "not_sent", True),
            (400, "refused", False),
            (401, "not_sent", True),
            (402, "not_sent", True),
            (404, "not_sent", True),
            (408, "not_sent", False),
            (422, "refused", False),
            (429, "not_sent", False),
            (500, "maybe_sent", False),
            (503, "maybe_sent", False),
        ):
            with self.subTest(status):
                self.assertEqual(self.submit(bad("?", status)), ([outcome], 1))
                self.assertEqual(bool(self.results[0].route_down), is_down)

    def test_the_providers_code_counts_more(self):
        self.assertEqual(self.submit(bad("money", 500)), (["not_sent"], 1))
        [result] = self.results
        self.assertEqual((result.code, result.message), ("money", "money indeed"))
        self.assertEqual(
            result.route_down, AnswerWords.NO_FUNDS.say(text="money money indeed")
        )

    def test_how_long_to_wait(self):
        self.submit(bad("?", 429, retry_after="30"))
        self.assertEqual(self.results[0].retry_after, 30)
        self.submit(bad("busy", 429, retry_after="30"))
        self.assertEqual(self.results[0].retry_after, 7, "the table is more exact")

    def test_too_many_requests_slow_the_route_down(self):
        for code, status, is_throttled in (
            ("?", 429, True),
            ("busy", 429, True),
            ("slow", 503, True),
            ("busy", 503, False),
            ("?", 408, False),
            ("money", 429, False),
        ):
            with self.subTest((code, status)):
                self.submit(bad(code, status))
                self.assertEqual(self.results[0].is_throttled, is_throttled)

    def test_questions_raise_what_is_wrong(self):
        provider = Example({}, FakeHttp(bad("money")))
        with self.assertRaisesRegex(ProviderError, "no funds left"):
            provider._ask(post_form("balance", []))

    def test_addresses(self):
        self.submit(TAKEN)
        self.assertEqual(self.http.posts[0][0], "https://api.example.com/v1/send")


class TestCallbackAddress(BaseCase):
    URL = "https://crm.example.com/crm_sms_gateway/webhook/kJ8s0secretTokenOfTheRoute"

    def make(self, *answers):
        return Example({}, FakeHttp(*answers), Context("Route", callback_url=self.URL))

    def test_it_is_told_to_whoever_enters_it(self):
        self.assertEqual(self.make().get_callback_address(), self.URL)

    def test_what_a_provider_echoes_of_it_is_masked(self):
        """Answers and errors are shown to people who may not know it."""
        [result] = self.make(bad(f"no {self.URL}")).submit([make_request()])
        self.assertNotIn("secretToken", result.message + result.code)
        provider = self.make()
        with patch.object(
            Example, "_register_callback", lambda _self, address: address
        ):
            self.assertEqual(
                provider.register_callback(),
                "https://crm.example.com/crm_sms_gateway/webhook/***",
            )


class TestBatches(HttpProviderCase):
    def test_one_bad_message_does_not_fail_the_others(self):
        answers = [bad(), TAKEN, bad(), TAKEN]
        self.assertEqual(
            self.submit(*answers, count=3),
            (["accepted", "refused", "accepted"], 4),
        )

    def test_a_batch_that_may_be_sent_is_never_taken_apart(self):
        for answer in (MaybeSent("No answer"), bad("?", 500)):
            with self.subTest(answer):
                self.assertEqual(self.submit(answer, count=3), (["maybe_sent"] * 3, 1))

    def test_calls_behind_a_failed_one_are_not_made(self):
        for answer, first in (
            (MaybeSent("No answer"), "maybe_sent"),
            (NotSent("Refused"), "not_sent"),
            (RouteDown("Certificate"), "not_sent"),
            (bad("busy"), "not_sent"),
        ):
            with self.subTest(answer):
                self.assertEqual(
                    self.submit(answer, count=3, provider=OneEach),
                    ([first, "not_sent", "not_sent"], 1),
                )

    def test_the_trouble_of_one_message_is_its_own(self):
        self.assertEqual(
            self.submit(bad("wait"), bad(), TAKEN, count=3, provider=OneEach),
            (["not_sent", "refused", "accepted"], 3),
        )

    def test_a_batch_taken_apart_stops_at_a_failed_call(self):
        self.assertEqual(
            self.submit(bad(), TAKEN, MaybeSent("No answer"), count=4),
            (["accepted", "maybe_sent", "not_sent", "not_sent"], 3),
        )

    def test_a_slow_provider_does_not_hold_messages_beyond_their_lease(self):
        with patch.object(http_provider, "MAX_TURN", 0):
            outcomes, calls = self.submit(TAKEN, count=3, provider=OneEach)
        self.assertEqual((outcomes, calls), (["not_sent"] * 3, 0))
        for result in self.results:
            self.assertFalse(result.route_trouble)
            self.assertEqual(result.message, AnswerWords.WAITS_BEHIND.say())
