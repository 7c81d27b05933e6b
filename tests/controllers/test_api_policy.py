"""Policies in requests: their names, channels, categories and statuses."""

from odoo.fields import Command
from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestPolicyRequests(ApiCase):
    """``route`` names a route or a policy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env["sms.gateway.policy"].create(
            {
                "name": "каскад",
                "step_ids": [
                    cls.make_step(0, cls.osm, channel="voice"),
                    cls.make_step(1, cls.ds, channel="sms"),
                ],
            }
        )

    @classmethod
    def make_step(cls, sequence, route, **values):
        choice = Command.create({"route_id": route.id})
        rule = Command.create({"choice_ids": [choice]})
        return Command.create({"sequence": sequence, "rule_ids": [rule], **values})

    def test_policy_begins_with_its_first_step(self):
        campaign = self.send_document(self.make_send(route="каскад"))
        self.assertEqual(campaign.route_id, self.policy.route_id)
        self.assertEqual(campaign.message_ids.channel, "voice")
        self.assertEqual(campaign.message_ids.route_id, self.osm)

    def test_voice_names_the_channel_it_begins_with(self):
        for voice, route in ((1, self.osm), (0, self.ds)):
            with self.subTest(voice=voice):
                document = self.make_send(route="каскад", voice=voice)
                message = self.send_document(document).message_ids
                self.assertEqual(message.route_id, route)

    def test_call_may_go_to_a_number_that_no_sms_reaches(self):
        fixed = "+74951234567"
        self.send_document(self.make_send(fixed, route="каскад"))
        document = self.make_send(fixed, route="каскад", voice=0)
        self.call_error(document, 400, "no_valid_users")

    def test_policy_without_the_channel(self):
        self.policy.step_ids[0].unlink()
        self.call_error(
            self.make_send(route="каскад", voice=1), 400, "unsupported_channel"
        )

    def test_text_behind_the_call_belongs_to_it(self):
        document = self.make_send(send={"text_alternative": "Alt"}, route="каскад")
        campaign = self.send_document(document)
        self.assertEqual(campaign.message_ids.text_alternative, "Alt")

    def test_text_that_no_step_sends_is_warned_of(self):
        texts = {"text_alternative": "Alt"}
        for voice, is_lost in ((None, False), (1, False), (0, True)):
            with self.subTest(voice=voice):
                document = self.make_send(send=texts, route="каскад", voice=voice)
                [answer] = self.call_ok(document)
                self.assertEqual("details" in answer["send"], is_lost)
        self.policy.step_ids[1].unlink()
        [answer] = self.call_ok(self.make_send(send=texts, route="каскад"))
        self.assertIn("details", answer["send"])

    def test_balance_of_a_policy_is_nobodys(self):
        self.call_error(
            {"balance": ["rub"], "route": "каскад"}, 400, "unsupported_operation"
        )

    def test_archived_policy_is_unknown(self):
        self.policy.active = False
        self.call_error(self.make_send(route="каскад"), 400, "unknown_route")

    def test_status_tells_the_way(self):
        campaign = self.send_document(self.make_send(route="каскад"))
        self.set_state(campaign.message_ids, "failed", failure_type="busy")
        self.env["sms.gateway.cascade"]._continue()
        self.env.flush_all()
        status = self.ask_status(campaign.key, route="каскад")
        [entry] = status["details"]["messages"]
        self.assertEqual(
            (entry["channel"], entry["route"], entry["state"]), ("sms", "ds", "queued")
        )
        [step] = entry["steps"]
        self.assertEqual(
            (step["channel"], step["route"], step["state"]), ("voice", "осм", "failed")
        )
        self.assertEqual(step["failure"]["type"], "busy")
        self.assertEqual(status["details"]["totals"]["queued"], 1)
        self.assertEqual(status["details"]["totals"]["failed"], 0)

    def test_status_by_the_name_of_a_route_it_took_is_unknown(self):
        campaign = self.send_document(self.make_send(route="каскад"))
        self.call_error(
            {"status": {"key": campaign.key}, "route": "ds"}, 404, "unknown_key"
        )

    def test_status_of_a_route_has_no_new_members(self):
        campaign = self.send_document(self.make_send())
        [entry] = self.ask_status(campaign.key)["details"]["messages"]
        self.assertFalse({"channel", "route", "steps"} & entry.keys())


@tagged("post_install", "-at_install")
class TestCategory(ApiCase):
    def test_category_is_kept(self):
        for word in ("advertising", "service", "transactional", "code"):
            with self.subTest(word):
                campaign = self.send_document(self.make_send(category=word))
                self.assertEqual(campaign.category, word)

    def test_none_given(self):
        for values in ({}, {"category": None}, {"category": ""}):
            with self.subTest(values):
                campaign = self.send_document(self.make_send(**values))
                self.assertFalse(campaign.category)

    def test_unknown_one_is_refused(self):
        answer = self.call_error(self.make_send(category="spam"), 400, "invalid_value")
        [error] = answer[0]["send"]["details"]["errors"]
        self.assertEqual(error["path"], "category")
        self.assertIn("transactional", error["message"])
