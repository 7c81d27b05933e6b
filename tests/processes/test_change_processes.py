"""A campaign is moved or taken back while its messages are written or claimed."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import PATIENCE, PeopleCase

CONTACTS = 300
MODEL = "sms.gateway.campaign"


@tagged("post_install", "-at_install")
class TestChangeProcesses(PeopleCase):
    """Each message has the time of its campaign, or was taken: never both."""

    def setUp(self):
        super().setUp()
        now = fields.Datetime.now().replace(microsecond=0)
        self.earlier = now + timedelta(days=1)
        self.moment = now + timedelta(days=2)
        self.addCleanup(self._forget)
        self.campaign_id = self._accept()
        [self.person] = self.make_people("change_anna")

    # === THE FAN-OUT ===
    def test_a_part_that_is_being_written_is_waited_for(self):
        with self._pressed(self._move) as pressed, self.committed() as env:
            env["sms.gateway.fan.out"]._fan_out_part(self._browse(env))
            pressed.start()
        self.assertTrue(pressed.answer["result"])
        self.run_processes(1, "prepare")
        self._check_times(CONTACTS, self.moment)

    def test_a_part_that_waits_for_a_move_gets_the_new_time(self):
        with self.committed() as env:
            env[f"{MODEL}.change"]._write(
                self._browse(env), {"scheduled_at": self.moment}
            )
            env.flush_all()
            [preparer] = self.start_processes(1, "prepare")
            self.wait_for_blocked(1)
        preparer.finish()
        self.assertNotIn("Traceback", preparer.read_log())
        self._check_times(CONTACTS, self.moment)

    def test_a_part_that_waits_for_a_return_to_draft_writes_nothing(self):
        with self.committed() as env:
            self._take_back(env)
            [preparer] = self.start_processes(1, "prepare")
            self.wait_for_blocked(1)
        preparer.finish()
        self.assertNotIn("Traceback", preparer.read_log())
        self._check_is_draft()

    def test_what_is_written_meanwhile_returns_with_the_campaign(self):
        with self._pressed(self._return) as pressed, self.committed() as env:
            env["sms.gateway.fan.out"]._fan_out_part(self._browse(env))
            pressed.start()
        self.assertNotIn("error", pressed.answer)
        self._check_is_draft()

    # === THE CLAIM ===
    def test_what_is_claimed_meanwhile_is_not_moved(self):
        self._check_claimed(self._move)

    def test_what_is_claimed_meanwhile_is_not_taken_back(self):
        self._check_claimed(self._return)

    def _check_claimed(self, change):
        self.run_processes(1, "prepare")
        with self._pressed(change) as pressed, self.committed() as env:
            self._claim_one(env)
            pressed.start()
        message = pressed.answer["error"]["data"]["message"]
        self.assertIn("already been sent", message)
        self._check_times(CONTACTS, self.earlier)

    def test_two_who_return_it_delete_once(self):
        self.run_processes(1, "prepare")
        [other] = self.make_people("change_boris")
        with self._pressed(lambda: self._return(other)) as pressed:
            with self.committed() as env:
                self._take_back(env)
                pressed.start()
        self.assertIn("error", pressed.answer)
        self._check_is_draft()
        with self.committed() as env:
            while env["sms.gateway.statistic.change"]._fold():
                pass
            campaign = self._browse(env)
            self.assertEqual(campaign.message_count, 0)

    def _take_back(self, env):
        self._browse(env).action_return_to_draft()
        env.flush_all()

    def _claim_one(self, env):
        """As a lane would whose clock says that the message is due."""
        env.cr.execute(
            """UPDATE sms_gateway_message
                  SET state = 'submitting', attempts = 1,
                      lease_until = now() + interval '10 minutes'
                WHERE id = (SELECT min(id) FROM sms_gateway_message
                             WHERE campaign_id = %s AND state = 'queued')""",
            [self.campaign_id],
        )

    # === WHO CHANGES ===
    def _move(self):
        return self._call(
            self.person,
            f"/web/dataset/call_kw/{MODEL}/write",
            model=MODEL,
            method="write",
            args=[[self.campaign_id], {"scheduled_at": str(self.moment)}],
            kwargs={"context": {"lang": "en_US"}},
        )

    def _return(self, person=None):
        with self.committed() as env:
            campaign = self._browse(env)
        return self.press(person or self.person, campaign, "action_return_to_draft")

    @contextmanager
    def _pressed(self, change):
        """A block in which a person changes the campaign and waits for its lock."""
        with ThreadPoolExecutor() as pool:
            press = _Press(self, pool, change)
            yield press
            press.finish()

    # === CHECKS ===
    def _check_times(self, count, moment):
        with self.committed() as env:
            messages = self._browse(env).message_ids
            self.assertEqual(len(messages), count)
            self.assertEqual(set(messages.mapped("not_before")), {moment})
            self.assertEqual(self._browse(env).scheduled_at, moment)

    def _check_is_draft(self):
        with self.committed() as env:
            campaign = self._browse(env)
            self.assertEqual(campaign.state, "draft")
            self.assertFalse(campaign.message_ids)
            self.assertEqual(campaign.unprepared_count, 0)
            self.assertFalse(any(campaign.recipient_ids.mapped("is_prepared")))

    # === SCENE ===
    def _browse(self, env):
        return env[MODEL].browse(self.campaign_id)

    def _accept(self):
        with self.committed() as env:
            self.route_id = env["sms.gateway.route"].create({"name": "change"}).id
            contacts = env["res.partner"].create(
                [
                    {"name": f"Change {number}", "phone": f"+7916{3000000 + number}"}
                    for number in range(CONTACTS)
                ]
            )
            draft = env[MODEL].create(
                {
                    "route_id": self.route_id,
                    "text_male": "{{ fio }}",
                    "recipient_source": "selection",
                    "scheduled_at": self.earlier,
                }
            )
            draft._snapshot_recipients([("res.partner", [("id", "in", contacts.ids)])])
            draft.action_send()
            return draft.id

    def _forget(self):
        self.forget(self.route_id)
        with self.committed() as env:
            env["res.partner"].search([("name", "like", "Change ")]).unlink()


class _Press:
    """A change that is pressed in a thread, and its answer."""

    def __init__(self, case, pool, change):
        self.case, self.pool, self.change = case, pool, change
        self.answer = None

    def start(self):
        """Press, and wait until the change waits for a lock."""
        self.future = self.pool.submit(self.change)
        self.case.wait_for_blocked(1)

    def finish(self):
        self.answer = self.future.result(PATIENCE)
