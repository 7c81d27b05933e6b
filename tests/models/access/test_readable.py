"""Who may see and do what: campaigns, messages and keys by role, company and kind."""

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.access.res_users import KEY_SCOPE

from ...common import PHONE, GatewayCase, sandbox_phone
from ...workload import screens
from ..sending.test_plans import PlanCase

GROUP = "crm_sms_gateway.group_"
OWN_DOCUMENTS = "sales_team.group_sale_salesman"
EXPORT = "base.group_allow_export"
ALL_DOCUMENTS = "sales_team.group_sale_salesman_all_leads"

#: role → groups; those of the lowest group differ by what they see in sales.
ROLES = {
    "employee": f"base.group_user,{OWN_DOCUMENTS}",
    "user": f"{GROUP}user,{OWN_DOCUMENTS}",
    "mate": f"{GROUP}user,{OWN_DOCUMENTS}",
    "all": f"{GROUP}user,{ALL_DOCUMENTS}",
    "manager": f"{GROUP}manager",
    "administrator": f"{GROUP}administrator",
    "caller": f"base.group_user,{GROUP}api",
}
#: The columns of the tables: who sent it, and what record it went to. "own" and "mate"
#: are of the role "user" and of a member of the same sales team. A lead is of "user"
#: ("seen") or of a stranger ("hidden").
KINDS = (
    "own", "mate", "stranger", "api", "secret",
    "stranger_seen", "stranger_hidden", "mate_hidden", "own_hidden", "list",
)  # fmt: skip
READ_MESSAGES = """
employee         -   -   -   -   -   -   -   -   -   -
user             x   x   -   -   -   x   -   -   x   -
mate             x   x   -   -   -   -   -   x   -   -
all              x   x   x   -   -   x   x   x   x   x
manager          x   x   x   x   x   x   x   x   x   x
administrator    x   x   x   x   x   x   x   x   x   x
caller           -   -   -   -   -   -   -   -   -   -
foreign          -   -   -   -   -   -   -   -   -   -
"""
#: Nobody: codes are not kept. All others send again and resolve what they read.
SEND_AGAIN = READ_MESSAGES.replace(
    "x   x   x   x   x   x   x", "x   x   x   x   -   x   x"
)
READ_CAMPAIGNS = """
employee         -   -   -   -   -   -   -   -   -   -
user             x   x   -   -   -   -   -   x   x   -
mate             x   x   -   -   -   -   -   x   x   -
all              x   x   x   -   -   x   x   x   x   x
manager          x   x   x   x   x   x   x   x   x   x
administrator    x   x   x   x   x   x   x   x   x   x
caller           -   -   -   -   -   -   -   -   -   -
foreign          -   -   -   -   -   -   -   -   -   -
"""
STOP_CAMPAIGNS = """
employee         -   -   -   -   -   -   -   -   -   -
user             x   -   -   -   -   -   -   -   x   -
mate             -   x   -   -   -   -   -   x   -   -
all              -   -   -   -   -   -   -   -   -   -
manager          x   x   x   x   x   x   x   x   x   x
administrator    x   x   x   x   x   x   x   x   x   x
caller           -   -   -   -   -   -   -   -   -   -
foreign          -   -   -   -   -   -   -   -   -   -
"""


def read_table(table):
    """:return: dict of role → the kinds that are allowed"""
    rows = [line.split() for line in table.split("\n") if line]
    return {
        role: {kind for kind, mark in zip(KINDS, marks, strict=True) if mark == "x"}
        for role, *marks in rows
    }


class ReadableCase(GatewayCase):
    """People of two companies, a sales team, and a message of every kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {
            role: new_test_user(cls.env, f"sms_{role}", f"{groups},{EXPORT}")
            for role, groups in ROLES.items()
        }
        cls.company = cls.env["res.company"].create({"name": "Another company"})
        cls.people["foreign"] = new_test_user(
            cls.env,
            "sms_foreign",
            f"{GROUP}administrator,{ALL_DOCUMENTS},{EXPORT}",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.stranger = new_test_user(
            cls.env, "sms_stranger", f"{GROUP}user,{OWN_DOCUMENTS}"
        )
        members = cls.people["user"] | cls.people["mate"]
        cls.env["crm.team"].create(
            {"name": "Team", "member_ids": [Command.set(members.ids)]}
        )
        cls.messages = {kind: cls.make_message(kind) for kind in KINDS}

    @classmethod
    def make_message(cls, kind):
        sender, _sep, record = kind.partition("_")
        campaign = cls.send(PHONE, is_secret=kind == "secret", text=f"Text {kind}")
        senders = {
            "own": cls.people["user"],
            "mate": cls.people["mate"],
            "stranger": cls.stranger,
            "list": cls.stranger,
        }
        if author := senders.get(sender):
            campaign.write({"user_id": author.id, "source": "person"})
        message = cls.env["sms.gateway.message"].search(
            [("campaign_id", "=", campaign.id)]
        )
        if record or kind == "list":
            cls.note_recipient(message, cls.make_record(record))
        return message

    @classmethod
    def make_record(cls, kind):
        if not kind:
            numbers = cls.env["sms.gateway.list"].create(
                {"name": "list", "member_ids": [Command.create({"phone": PHONE})]}
            )
            return numbers.member_ids
        owner = cls.people["user"] if kind == "seen" else cls.stranger
        return cls.env["crm.lead"].create({"name": kind, "user_id": owner.id})

    @classmethod
    def note_recipient(cls, message, record):
        """Write down that a message went to a record."""
        cls.env.flush_all()
        cls.env.cr.execute(
            """INSERT INTO sms_gateway_recipient
                      (campaign_id, index, res_model, res_id, phone, message_id,
                       is_prepared)
               VALUES (%s, %s, %s, %s, %s, %s, TRUE)""",
            (
                message.campaign_id.id,
                message.index,
                record._name,
                record.id,
                message.msisdn,
                message.id,
            ),
        )

    # === TABLES ===
    def check_table(self, table, may):
        """:param may: function of a record's role and kind that tells whether it is
        allowed"""
        for role, allowed in read_table(table).items():
            for kind in KINDS:
                with self.subTest(role=role, kind=kind):
                    self.assertEqual(may(role, kind), kind in allowed)

    def by(self, role, records):
        self.env.invalidate_all()
        return records.with_user(self.people[role]).with_context(
            allowed_company_ids=self.people[role].company_ids.ids
        )

    def can(self, call):
        """Whether a call is not refused; what it does is taken back."""
        with self.env.cr.savepoint() as savepoint:
            try:
                call()
                return True
            except (AccessError, UserError):
                return False
            finally:
                savepoint.rollback()
                self.env.invalidate_all()

    def finds(self, records, domain):
        """What search, groups and counts tell of a domain, which must agree."""
        if not self.can(lambda: records.search(domain)):
            return False
        found = records.search(domain)
        groups = records.formatted_read_group(domain, ["company_id"], ["__count"])
        self.assertEqual(sum(group["__count"] for group in groups), len(found))
        self.assertEqual(records.search_count(domain), len(found))
        return bool(found)


@tagged("post_install", "-at_install")
class TestWhoReads(ReadableCase):
    def test_messages(self):
        def may(role, kind):
            message = self.by(role, self.messages[kind])
            answers = {
                self.can(lambda: message.read(["phone", "text", "shown_text"])),
                self.can(lambda: message.export_data(["phone", "text"])),
                self.finds(message, [("id", "=", message.id)]),
                self.finds(message, [("id", "=", message.id), ("text", "!=", "?")]),
                message.has_access("read"),
            }
            self.assertEqual(len(answers), 1, "all ways agree")
            return answers.pop()

        self.check_table(READ_MESSAGES, may)

    def test_what_belongs_to_messages(self):
        """Timeline and recipients follow their message."""
        for message in self.messages.values():
            self.set_state(message, "cancelled")

        def may(role, kind):
            events = self.messages[kind].sudo().event_ids
            self.assertTrue(events)
            events = self.by(role, events)
            return self.finds(events, [("id", "in", events.ids)])

        self.check_table(READ_MESSAGES, may)

        for role, allowed in read_table(READ_MESSAGES).items():
            for kind in ("stranger_seen", "stranger_hidden", "mate_hidden", "list"):
                recipients = self.env["sms.gateway.recipient"].search(
                    [("message_id", "=", self.messages[kind].id)]
                )
                self.assertTrue(recipients)
                seen = self.by(role, recipients).has_access("read")
                with self.subTest(role=role, kind=kind):
                    self.assertEqual(seen, kind in allowed)

    def test_campaigns(self):
        def may(role, kind):
            campaign = self.by(role, self.messages[kind].campaign_id)
            answers = {
                self.can(lambda: campaign.read(["name", "text_male"])),
                self.finds(campaign, [("id", "=", campaign.id)]),
                campaign.has_access("read"),
            }
            self.assertEqual(len(answers), 1, "all ways agree")
            return answers.pop()

        self.check_table(READ_CAMPAIGNS, may)

    def test_sending_again(self):
        for message in self.messages.values():
            self.force_state(message, "failed")
        self.check_table(
            SEND_AGAIN,
            lambda role, kind: self.can(
                self.by(role, self.messages[kind]).action_retry
            ),
        )

    def test_resolving(self):
        for message in self.messages.values():
            self.force_state(message, "unknown")
        for action in ("delivered", "failed", "send_again"):
            self.check_table(
                READ_MESSAGES,
                lambda role, kind, action=action: self.can(
                    getattr(
                        self.by(role, self.messages[kind]), f"action_resolve_{action}"
                    )
                ),
            )

    def test_pausing_and_cancelling(self):
        for action in ("action_pause", "action_cancel"):
            self.check_table(
                STOP_CAMPAIGNS,
                lambda role, kind, action=action: self.can(
                    getattr(self.by(role, self.messages[kind].campaign_id), action)
                ),
            )

    def test_what_a_message_tells_does_not_need_its_campaign(self):
        message = self.messages["stranger_seen"]
        self.force_state(message, "failed")
        seen = self.by("user", message)
        seen.read()
        self.assertTrue(seen.failure_reason)

    def test_a_message_that_was_sent_again_follows_the_record_too(self):
        message = self.messages["stranger_seen"]
        self.force_state(message, "failed")
        message.action_retry()
        for one in message | message.retry_ids:
            self.assertTrue(self.by("user", one).has_access("read"))
            self.assertFalse(self.by("mate", one).has_access("read"))

    def test_whoever_leaves_the_team_reads_its_messages_no_more(self):
        message = self.by("mate", self.messages["own"])
        self.assertTrue(message.has_access("read"))
        self.env["crm.team"].search([("name", "=", "Team")]).member_ids -= self.people[
            "mate"
        ]
        message = self.by("mate", self.messages["own"])
        self.assertFalse(message.has_access("read"))
        self.assertFalse(message.search([("id", "=", message.id)]))

    def test_a_leader_reads_what_the_team_sent(self):
        self.env["crm.team"].search([("name", "=", "Team")]).user_id = self.stranger
        self.people["leader"] = self.stranger
        for kind in ("own", "mate", "stranger"):
            self.assertTrue(self.by("leader", self.messages[kind]).has_access("read"))

    def test_the_button_of_a_record_counts_what_may_be_read(self):
        """A code of the API to a contact's number is not the contact's to show."""
        contact = self.env["res.partner"].create({"name": "A", "phone": PHONE})
        for role, count in (("user", 4), ("manager", 10)):
            seen = self.by(role, contact)
            self.assertEqual(seen.sms_gateway_message_count, count)
            [(_name, _operator, ids)] = seen.action_open_sms_gateway_messages()[
                "domain"
            ]
            self.assertEqual(len(ids), count)


@tagged("post_install", "-at_install")
class TestWhoRulesKeys(ReadableCase):
    """A key sends through the routes of all companies of its user: administrators of
    all of these see, make and revoke it."""

    #: companies of the administrator → of the users whose keys are theirs
    RULED = {"A": ("A",), "B": ("B",), "AB": ("A", "B", "AB")}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = {"A": cls.env.company, "B": cls.company}
        companies["AB"] = companies["A"] | companies["B"]
        cls.administrators, cls.callers = {}, {}
        for name, of in companies.items():
            values = {"company_id": of[0].id, "company_ids": [Command.set(of.ids)]}
            cls.administrators[name] = new_test_user(
                cls.env, f"sms_ruler_{name}", f"{GROUP}administrator", **values
            )
            cls.callers[name] = new_test_user(
                cls.env, f"sms_caller_{name}", f"base.group_user,{GROUP}api", **values
            )

    def make_key(self, ruler, caller):
        wizard = self.env["sms.gateway.key.wizard"].with_user(ruler)
        return wizard.create({"name": "test", "user_id": caller.id})._make_key()

    def check(self, may):
        for ruler, ruled in self.RULED.items():
            for caller in self.callers:
                with self.subTest(administrator=ruler, user=caller):
                    allowed = may(self.administrators[ruler], self.callers[caller])
                    self.assertEqual(allowed, caller in ruled)

    def test_making(self):
        self.check(lambda ruler, caller: self.can(lambda: self.make_key(ruler, caller)))

    def test_being_offered(self):
        def is_offered(ruler, caller):
            wizard = self.env["sms.gateway.key.wizard"].with_user(ruler)
            domain = wizard._fields["user_id"].domain(wizard)
            return caller in self.env["res.users"].search(domain)

        self.check(is_offered)

    def test_revoking_and_seeing(self):
        keys = self.env["res.users.apikeys"]
        for caller in self.callers.values():
            keys.with_user(caller).sudo()._generate(KEY_SCOPE, "test", None)

        def may(ruler, caller):
            self.env.invalidate_all()
            key = keys.search([("user_id", "=", caller.id)]).with_user(ruler)
            seen = key in key.search([])
            self.assertEqual(self.can(key.action_revoke_gateway_key), seen)
            return seen

        self.check(may)

    def test_system_users_are_no_exception(self):
        ruler = self.administrators["A"]
        ruler.group_ids |= self.env.ref("base.group_system")
        keys = self.env["res.users.apikeys"]
        keys.with_user(self.callers["B"]).sudo()._generate(KEY_SCOPE, "test", None)
        keys.with_user(self.callers["B"]).sudo()._generate("rpc", "test", None)
        seen = keys.with_user(ruler).search([("user_id", "=", self.callers["B"].id)])
        self.assertEqual(seen.mapped("scope"), ["rpc"], "of other scopes Odoo decides")

    def test_a_key_sends_through_the_companies_of_its_user(self):
        self.make_route("in B", company_id=self.company.id, user_id=False)
        Route = self.env["sms.gateway.route"]
        for caller, names in (
            ("A", {"test route"}),
            ("B", {"in B"}),
            ("AB", {"test route", "in B"}),
        ):
            routes = Route.with_user(self.callers[caller])
            found = {
                name
                for name in ("test route", "in B")
                if routes._find_for_api_client(name)
            }
            self.assertEqual(found, names)


@tagged("post_install", "-at_install")
class TestCodes(GatewayCase):
    """Texts that nobody may see."""

    CODE = "Код 735190"

    def find_code(self):
        """The tables in which the code stands."""
        self.env.flush_all()
        found = []
        for table in (
            "sms_gateway_message",
            "sms_gateway_campaign",
            "sms_gateway_event",
            "sms_gateway_delivery_report",
            "sms_gateway_idempotency",
            "sms_gateway_statistic_change",
            "mail_message",
        ):
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%735190%'"
            )
            if self.env.cr.fetchone()[0]:
                found.append(table)
        return found

    def send_code(self, phone=PHONE, **values):
        return self.send_one(phone, text=self.CODE, is_secret=True, **values)

    def test_the_provider_gets_the_text(self):
        route, provider = self.script_route()
        self.send_code(route=route)
        self.run_lane()
        [[request]] = provider.batches
        self.assertEqual(request.text, self.CODE)

    def test_nobody_sees_it(self):
        message = self.send_code(is_debug=True)
        self.assertEqual(self.find_code(), ["sms_gateway_message"])
        self.assertFalse(message.text)
        self.assertEqual(message.shown_text, "Hidden: one-time code")
        self.assertEqual((message.encoding, message.segments), ("ucs2", 1))
        self.assertNotIn("735190", message.campaign_id.name)
        self.assertFalse(message.campaign_id.text_male)
        self.assertIsNone(message._get_status().text)
        administrator = new_test_user(
            self.env, "boss", f"{GROUP}administrator,base.group_system"
        )
        seen = message.with_user(administrator)
        for ask in (
            lambda: seen.read(["secret_text"]),
            lambda: seen.search([("secret_text", "like", "7351")]),
            lambda: seen.export_data(["secret_text"]),
        ):
            with self.assertRaises(AccessError):
                ask()
        self.assertNotIn("735190", str(seen.read()))

    def test_it_is_gone_when_the_outcome_is_known(self):
        for state, arrows in {
            "delivered": ("submitting", "submitted", "delivered"),
            "failed": ("submitting", "failed"),
            "expired": ("expired",),
            "cancelled": ("cancelled",),
        }.items():
            message = self.send_code()
            for arrow in arrows[:-1]:
                self.env.cr.execute(
                    "UPDATE sms_gateway_message SET state = %s, lease_until = %s"
                    " WHERE id = %s",
                    (
                        arrow,
                        fields.Datetime.now() if arrow == "submitting" else None,
                        message.id,
                    ),
                )
            self.assertEqual(self.find_code(), ["sms_gateway_message"])
            self.set_state(message, state)
            with self.subTest(state=state):
                self.assertEqual(message.state, state)
                self.assertFalse(self.find_code())
                self.assertEqual(message.segments, 1)

    def test_it_is_gone_when_it_was_never_handed_over(self):
        """Opted out at accept, expired and opted out at the claim."""
        blacklist = self.env["phone.blacklist"]
        self.env.flush_all()
        late = self.send_code(ttl=1)
        self.let_pass(10, late)
        stopped = self.send_code(sandbox_phone("6701"))
        blacklist.create({"number": sandbox_phone("6701")})
        self.run_lane()
        self.assertEqual((late.state, stopped.state), ("expired", "cancelled"))
        self.assertFalse(self.find_code())
        mixed = self.send(
            sandbox_phone("6701"), "nobody", PHONE, text=self.CODE, is_secret=True
        )
        messages = self.get_messages(mixed)
        self.assertEqual(messages.mapped("state"), ["cancelled", "failed", "queued"])
        self.set_state(messages[2], "cancelled")
        self.assertFalse(self.find_code())

    def test_words_that_repeat_it_are_kept_without_it(self):
        """The words of a refusal are kept without the text."""
        message = self.send_code()
        self.set_state(message, "failed", code="7", detail=f"Bad text: {self.CODE}!")
        self.assertFalse(self.find_code())
        self.assertEqual(message.failure_message, "Bad text: …!")
        self.assertEqual(message.event_ids.detail, "Bad text: …!")

    def test_an_unknown_one_can_still_be_handed_over(self):
        message = self.send_code()
        self.force_state(message, "unknown")
        message.action_resolve_send_again()
        self.assertEqual(message.sudo().secret_text, self.CODE)

    def test_it_is_not_sent_again(self):
        message = self.send_code()
        self.set_state(message, "cancelled")
        with self.assertRaisesRegex(UserError, "codes are not stored"):
            message.action_retry()

    def test_other_texts_stay(self):
        message = self.send_one(text=self.CODE)
        self.set_state(message, "cancelled")
        self.assertEqual(message.text, self.CODE)
        self.assertEqual(message.shown_text, self.CODE)

    def test_a_key_can_say_so(self):
        caller = new_test_user(self.env, "codes", f"base.group_user,{GROUP}api")
        for is_secret in (False, True):
            key = (
                self.env["sms.gateway.key.wizard"]
                .create({"name": "k", "user_id": caller.id, "is_secret": is_secret})
                ._make_key()
            )
            user = self.env["res.users.apikeys"]._find_gateway_user(key)
            Campaign = self.env(context=user.env.context)["sms.gateway.campaign"]
            campaign = self.send.__func__(
                type("Sender", (), {"env": Campaign.env, "route": self.route}), PHONE
            )
            self.assertEqual(campaign.is_secret, is_secret)


@tagged("post_install", "-at_install")
class TestPlansOfUsers(PlanCase):
    """The lists of the lowest group find their page by an index, too."""

    def test_screens(self):
        user = new_test_user(
            self.env,
            "lowest",
            f"{GROUP}user,{OWN_DOCUMENTS}",
            company_ids=[Command.set(self.companies.ids)],
        )
        self.env.cr.execute(
            """UPDATE sms_gateway_campaign SET source = 'person', user_id = %s
                WHERE id %% 3 = 0""",
            [user.id],
        )
        self.env.cr.execute("ANALYZE sms_gateway_campaign")
        env = self.env(user=user, context={"allowed_company_ids": self.companies.ids})
        screen = screens.Screen(env, "crm_sms_gateway.sms_gateway_message_action")
        tables = ("sms_gateway_message", "sms_gateway_event", "sms_gateway_recipient")
        message = self.env["sms.gateway.message"].search([], limit=1)
        of_contact = screens.iterate_contact_requests(env, message)
        for request in (*screen.iterate_requests(()), *of_contact):
            env.invalidate_all()
            with (
                self.subTest(request.title),
                self.watch(tables) as plans,
            ):
                request.call()
            for query, node in plans.iterate_nodes():
                is_count = query.startswith("SELECT COUNT(*) FROM (SELECT")
                with self.subTest(request.title):
                    self.assertFalse(
                        self._reads_all(node, tables) and not is_count, query
                    )
