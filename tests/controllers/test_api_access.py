"""Who may call the API (docs/api.rst, Access)."""

from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import config

from odoo.addons.crm_sms_gateway.models.access import sms_gateway_api_client
from odoo.addons.crm_sms_gateway.models.access.sms_gateway_api_client import MAX_ADDRESS

from .common import API, ApiCase, bearer

BALANCE = {"balance": ["rub"], "route": "ds"}


class AccessCase(ApiCase):
    def assertAllowed(self, headers=()):
        self.call_ok(BALANCE, headers=headers)

    def assertRefused(self, headers=()):
        with self.assertNothingStored():
            answer = self.call(BALANCE, headers=headers)
        self.assertEqual(answer.status_code, 401, answer.text)
        self.assertRegex(answer.headers["WWW-Authenticate"], "^Bearer\\b")
        self.assertEqual(answer.json()["details"], {"code": "unauthorized"})

    def assertForbidden(self, headers=()):
        with self.assertNothingStored():
            self.call_error(BALANCE, 403, "forbidden", headers=headers)


@tagged("post_install", "-at_install")
class TestCallersWithoutKey(AccessCase):
    """Calls come from 127.0.0.1, which is a trusted network by default."""

    def test_a_trusted_network_needs_no_key(self):
        campaign = self.send_document(self.make_send())
        self.assertEqual(campaign.user_id, self.env.ref("crm_sms_gateway.user_api"))

    def test_other_networks_need_a_key(self):
        for networks in ("10.0.0.0/8", "127.0.0.2", "::1", "", "nonsense"):
            with self.subTest(networks=networks):
                self.set_param("trusted_networks", networks or " ")
                self.assertRefused()

    def test_networks_may_be_listed_in_many_ways(self):
        for networks in ("10.0.0.0/8, 127.0.0.1", "::1 127.0.0.1/32", "127.0.0.9/8"):
            with self.subTest(networks=networks):
                self.set_param("trusted_networks", networks)
                self.assertAllowed()

    def test_with_the_policy_key_everyone_needs_one(self):
        self.set_param("access_policy", "key")
        self.assertRefused()

    def test_with_the_policy_open_nobody_needs_one(self):
        self.set_param("access_policy", "open")
        self.set_param("trusted_networks", "10.0.0.0/8")
        self.assertAllowed()
        self.assertAllowed({"X-Forwarded-For": "8.8.8.8"})

    def test_a_policy_that_somebody_broke_needs_a_key(self):
        self.set_param("access_policy", "nonsense")
        self.assertRefused()

    def test_a_forwarded_request_is_not_trusted(self):
        headers = {
            "Forwarded": "for=10.0.0.1",
            "X-Forwarded-For": "10.0.0.1",
            "X-Forwarded-Host": "sms.example.com",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Whatever": "1",
            "x-forwarded-port": "443",
            "X-Real-IP": "10.0.0.1",
            "x-real-ip": "",
            "Via": "1.1 proxy",
        }
        for name, value in headers.items():
            with self.subTest(name=name):
                self.assertRefused({name: value})

    def test_in_proxy_mode_the_rewritten_address_decides(self):
        trusted, stranger = "10.1.2.3", "8.8.8.8"
        cases = {
            trusted: self.assertAllowed,
            f"{stranger}, {trusted}": self.assertAllowed,
            f"::ffff:{trusted}": self.assertAllowed,
            "fd00::1": self.assertAllowed,
            stranger: self.assertRefused,
            f"{trusted}, {stranger}": self.assertRefused,
            f"::ffff:{stranger}": self.assertRefused,
            "2001:db8::1": self.assertRefused,
            "unknown": self.assertRefused,
        }
        self.set_param("host_names", "sms.example.com")
        with patch.dict(config.options, {"proxy_mode": True}):
            self.assertAllowed()
            for forwarded_for, check in cases.items():
                with self.subTest(forwarded_for=forwarded_for):
                    check(
                        {
                            "X-Forwarded-Host": "sms.example.com",
                            "X-Forwarded-For": forwarded_for,
                            "X-Forwarded-Proto": "https",
                        }
                    )

    def test_in_proxy_mode_an_address_that_was_not_rewritten_is_not_trusted(self):
        cases = (
            {"X-Forwarded-For": "10.0.0.1"},
            {"X-Real-IP": "10.0.0.1"},
            {"Forwarded": "for=10.0.0.1"},
            {"Via": "1.1 proxy"},
            {"X-Forwarded-Host": "", "X-Forwarded-For": "10.0.0.1"},
            {"X-Forwarded-Host": "sms.example.com"},
            {"X-Forwarded-Host": "sms.example.com", "X-Forwarded-For": ""},
        )
        with patch.dict(config.options, {"proxy_mode": True}):
            for headers in cases:
                with self.subTest(headers=headers):
                    self.assertRefused(headers)

    def test_a_browser_needs_a_key(self):
        key = bearer(self.make_key(self.make_user("browser")))
        for policy in ("trusted_networks", "open"):
            self.set_param("access_policy", policy)
            for headers in (
                {"Origin": "http://evil.example.org:8069"},
                {"Origin": self.base_url()},
                {"Origin": "null"},
                {"Sec-Fetch-Site": "same-origin"},
                {"Sec-Fetch-Site": "none"},
            ):
                with self.subTest(policy=policy, headers=headers):
                    self.assertForbidden(headers)
                    self.assertAllowed({**headers, **key})

    def test_a_program_of_node_is_no_browser(self):
        self.assertAllowed({"Sec-Fetch-Mode": "cors"})

    def test_a_strangers_name_needs_a_key(self):
        """A page whose name was made to lead here is of the same origin to a browser,
        which may send neither `Origin` nor `Sec-Fetch-Site`."""
        key = bearer(self.make_key(self.make_user("rebound")))
        for policy in ("trusted_networks", "open"):
            self.set_param("access_policy", policy)
            stranger = {"Host": "evil.example.org:8069"}
            self.assertForbidden(stranger)
            self.assertAllowed({**stranger, **key})

    def test_names_of_this_server_need_no_key(self):
        self.env["ir.config_parameter"].set_param(
            "web.base.url", "https://CRM.example.com:8443/odoo"
        )
        self.set_param("host_names", "sms.example.com, gate.example.com")
        for host in (
            "crm.example.com",
            "sms.example.com:8069",
            "GATE.example.com",
            "localhost:8069",
            "odoo",
            "crm.local",
        ):
            with self.subTest(host=host):
                self.assertAllowed({"Host": host})
        self.assertForbidden({"Host": "example.com"})

    def test_a_session_gives_no_rights(self):
        self.set_param("access_policy", "key")
        self.authenticate("admin", "admin")
        self.assertRefused()

    def test_a_session_does_not_change_who_calls(self):
        self.authenticate("admin", "admin")
        campaign = self.send_document(self.make_send())
        self.assertEqual(campaign.user_id, self.env.ref("crm_sms_gateway.user_api"))

    def test_verbs_and_paths_are_told_before_access(self):
        self.set_param("access_policy", "key")
        self.assertEqual(self.call(b"", method="OPTIONS").status_code, 204)
        self.assertEqual(self.call(b"", method="PUT").status_code, 405)
        self.assertEqual(self.call(b"", path=f"{API}/x").status_code, 404)

    def test_access_is_told_before_the_body_is_read(self):
        self.set_param("access_policy", "key")
        for body, headers in ((b"{", {}), (b"", {"Content-Type": "text/plain"})):
            answer = self.call(body, headers=headers)
            self.assertEqual(answer.status_code, 401)


@tagged("post_install", "-at_install")
class TestCallersWithKey(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_user("crm")
        cls.key = cls.make_key(cls.user)

    def setUp(self):
        super().setUp()
        self.set_param("access_policy", "key")

    def test_a_key_opens_the_api(self):
        for policy in ("key", "trusted_networks", "open"):
            with self.subTest(policy=policy):
                self.set_param("access_policy", policy)
                campaign = self.send_document(
                    self.make_send(), headers=bearer(self.key)
                )
                self.assertEqual(campaign.user_id, self.user)

    def test_a_key_opens_from_everywhere(self):
        self.assertAllowed({**bearer(self.key), "X-Forwarded-For": "8.8.8.8"})

    def test_the_scheme_is_read_as_http_says(self):
        for value in (f"bearer {self.key}", f"BEARER   {self.key} "):
            with self.subTest(value=value):
                self.assertAllowed({"Authorization": value})

    def test_a_wrong_authorization_is_refused_from_everywhere(self):
        wrong = (
            bearer("0" * 40),
            bearer(self.key[:-1]),
            bearer(self.key[:8]),
            bearer(self.key.upper()),
            bearer(f"{self.key}0"),
            bearer(f"{self.key} {self.key}"),
            bearer("ключ".encode().decode("latin-1")),
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer "},
            {"Authorization": ""},
            {"Authorization": self.key},
            {"Authorization": f"Basic {self.key}"},
            {"Authorization": f"Token {self.key}"},
            {"Authorization": f"Bearer\t{self.key}"},
            {"Authorization": "Bearer \x00"},
        )
        for policy in ("key", "trusted_networks", "open"):
            self.set_param("access_policy", policy)
            for headers in wrong:
                with self.subTest(policy=policy, headers=headers):
                    self.assertRefused(headers)

    def test_an_expired_key_is_refused(self):
        now = fields.Datetime.now()
        for expiry, check in (
            (now + timedelta(hours=1), self.assertAllowed),
            (now - timedelta(hours=1), self.assertRefused),
        ):
            with self.subTest(expiry=expiry):
                self.env.cr.execute(
                    "UPDATE res_users_apikeys SET expiration_date = %s"
                    " WHERE user_id = %s",
                    (expiry, self.user.id),
                )
                check(bearer(self.key))

    def test_a_revoked_key_is_refused(self):
        key = self.env["res.users.apikeys"].search([("user_id", "=", self.user.id)])
        key.action_revoke_gateway_key()
        self.assertRefused(bearer(self.key))

    def test_the_key_of_an_archived_user_is_refused(self):
        self.user.active = False
        self.assertRefused(bearer(self.key))

    def test_keys_of_other_scopes_are_refused(self):
        for scope in (None, "rpc", "other"):
            with self.subTest(scope=scope):
                self.assertRefused(bearer(self.make_key(self.user, scope=scope)))

    def test_a_key_of_the_gateway_opens_nothing_else(self):
        """Odoo's own API takes the user's key without a scope, not this one."""
        url = f"{self.base_url()}/json/2/res.users/context_get"
        statuses = {}
        for scope in (None, "crm_sms_gateway"):
            key = self.make_key(self.user, scope=scope)
            answer = self.opener.post(url, json={}, headers=bearer(key))
            statuses[scope] = answer.status_code
        self.assertEqual(statuses, {None: 200, "crm_sms_gateway": 401})

    def test_a_user_without_the_group_is_forbidden(self):
        for groups in ("base.group_user", "crm_sms_gateway.group_administrator"):
            with self.subTest(groups=groups):
                user = self.make_user(f"without {groups}", groups=groups)
                self.assertForbidden(bearer(self.make_key(user)))

    def test_a_user_who_lost_the_group_is_forbidden(self):
        self.user.group_ids -= self.env.ref("crm_sms_gateway.group_api")
        self.assertForbidden(bearer(self.key))

    def test_routes_of_other_companies_are_unknown_to_a_key(self):
        company = self.env["res.company"].create({"name": "Вторая"})
        self.make_route("вторая", company_id=company.id)
        documents = (
            {"balance": ["rub"], "route": "вторая"},
            {"status": {"key": "0" * 32}, "route": "вторая"},
            self.make_send(route="вторая"),
        )
        for document in documents:
            with self.subTest(document=document), self.assertNothingStored():
                foreign = self.call_error(
                    document, 400, "unknown_route", headers=bearer(self.key)
                )
                missing = self.call_error(
                    {**document, "route": "первая"},
                    400,
                    "unknown_route",
                    headers=bearer(self.key),
                )
                self.assertEqual(
                    str(foreign).replace("вторая", "?"),
                    str(missing).replace("первая", "?"),
                )

    def test_a_key_may_use_the_routes_of_all_companies_of_its_user(self):
        company = self.env["res.company"].create({"name": "Вторая"})
        self.user.company_ids += company
        self.make_route("вторая", company_id=company.id)
        campaign = self.send_document(
            self.make_send(route="вторая"), headers=bearer(self.key)
        )
        self.assertEqual(campaign.company_id, company)
        self.assertEqual(campaign.message_ids.company_id, company)

    def test_callers_without_key_may_use_the_routes_of_all_companies(self):
        self.set_param("access_policy", "trusted_networks")
        company = self.env["res.company"].create({"name": "Вторая"})
        self.make_route("вторая", company_id=company.id)
        campaign = self.send_document(self.make_send(route="вторая"))
        self.assertEqual(campaign.company_id, company)


@tagged("post_install", "-at_install")
class TestLastCallers(ApiCase):
    """Everybody who calls is noted, and a note never spoils an answer."""

    def setUp(self):
        super().setUp()
        self.restart()

    def restart(self):
        """What this process remembers goes with it."""
        sms_gateway_api_client._looked_at.clear()

    def note(self, address="192.0.2.1"):
        """Do what a request does."""
        self.env["sms.gateway.api.client"]._record(address)
        self.env.invalidate_all()
        return self.env["sms.gateway.api.client"].search([("address", "=", address)])

    def test_an_address_is_noted_once_a_minute(self):
        self.assertEqual(self.note().call_count, 1)
        self.assertEqual(self.note().call_count, 1)
        caller = self.note()
        caller.last_call_at = fields.Datetime.now() - timedelta(minutes=2)
        self.env.flush_all()
        self.restart()
        self.assertEqual(self.note().call_count, 2)

    def test_a_process_looks_for_an_address_once_a_minute(self):
        Caller = type(self.env["sms.gateway.api.client"])
        start = fields.Datetime.now()
        with patch.object(Caller, "_write_call") as write:
            for seconds in (0, 59, 60):
                with freeze_time(start + timedelta(seconds=seconds)):
                    self.note()
        self.assertEqual(write.call_count, 2)

    def test_calls_at_the_same_moment_are_noted_once(self):
        for _call in range(2):
            self.env["sms.gateway.api.client"]._write_call(
                "192.0.2.1", fields.Datetime.now()
            )
        self.assertEqual(self.note().call_count, 1)

    def test_refused_callers_are_noted(self):
        """At once: what a refused request wrote itself would be rolled back."""
        self.env["sms.gateway.api.client"].search([]).unlink()
        self.set_param("access_policy", "key")
        Caller = type(self.env["sms.gateway.api.client"])
        with patch.object(Caller, "_write_call") as write:
            self.assertEqual(self.call(BALANCE).status_code, 401)
        self.assertEqual(write.call_args.args[0], "127.0.0.1")

    def test_any_address_is_noted_in_a_storable_form(self):
        for address in ("unknown", "\0", "x" * 10_000):
            with self.subTest(address=address[:10]):
                self.env["sms.gateway.api.client"]._record(address)
        callers = self.env["sms.gateway.api.client"].search([])
        noted = {"unknown", "\ufffd", "x" * MAX_ADDRESS}
        self.assertLessEqual(noted, set(callers.mapped("address")))

    def test_a_failing_note_fails_nothing_else(self):
        error = psycopg2.OperationalError("could not serialize access")
        with patch.object(self.registry, "cursor", side_effect=error):
            self.assertFalse(self.note())
