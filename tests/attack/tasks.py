"""What the suite does inside of Odoo, beside the tasks of the crash suite."""

import os
import select
import time

from crash.tasks import (  # noqa: F401  (tasks of this suite too)
    chores,
    environment,
    lane,
    make_route,
    move_campaign,
    recover,
    send,
)

from odoo import Command, fields

from odoo.addons.crm_sms_gateway.controllers.api.requests import parse
from odoo.addons.crm_sms_gateway.controllers.api.send_request import Limits

GROUPS = ("user", "manager", "administrator")
PASSWORD = "attack_secret_1"

if "FAKETIME" in os.environ:
    # libfaketime breaks Python's own sleep where it leaves the monotonic clock alone.
    time.sleep = lambda seconds: select.select([], [], [], seconds)


def make_world(registry):
    """Make two companies with a person of each group, a route and what hangs on it.

    :return: the ``password`` of all, and ``companies``: of each its ``id``, ``logins``
        and ``users`` by group, ``route`` (its name), ``webhook`` (path of its reports),
        ``records`` (model → ids) and ``key`` (of the API)
    """
    with environment(registry) as env:
        return {
            "password": PASSWORD,
            "companies": [_make_company(env, letter) for letter in ("a", "b")],
        }


def _make_company(env, letter):
    name = f"Attack {letter.upper()}"
    company = env["res.company"].search([("name", "=", name)]) or env[
        "res.company"
    ].create({"name": name})
    users = {
        group: _make_user(env, company, f"attack_{letter}_{group}", group)
        for group in (*GROUPS, "api")
    }
    env = env(context={"allowed_company_ids": company.ids})
    route = env["sms.gateway.route"].create(
        {
            "name": f"attack-{letter}",
            "provider_code": "sandbox",
            "company_id": company.id,
        }
    )
    records = _make_records(env, company, users["manager"], route)
    return {
        "id": company.id,
        "users": {group: user.id for group, user in users.items()},
        "logins": {group: user.login for group, user in users.items()},
        "route": route.name,
        "webhook": f"/crm_sms_gateway/webhook/{route.webhook_token}",
        "records": {one._name: one.ids for one in records},
        "key": env["res.users.apikeys"]
        .with_user(users["api"])
        .sudo()
        ._generate("crm_sms_gateway", "attack", False),
    }


def _make_user(env, company, login, group):
    users = env["res.users"]
    kind = "base.group_user" if group == "api" else "sales_team.group_sale_salesman"
    values = {
        "name": login,
        "login": login,
        "password": PASSWORD,
        "company_id": company.id,
        "company_ids": [Command.set(company.ids)],
        "group_ids": [
            Command.link(env.ref(name).id)
            for name in (kind, f"crm_sms_gateway.group_{group}")
        ],
    }
    return users.search([("login", "=", login)]) or users.create(values)


def _make_records(env, company, owner, route):
    """Records that belong to the company, of every kind that has a company."""
    campaign = env["sms.gateway.campaign"].browse(
        _send_to(env, route, "+79161234567" if "a" in route.name else "+79167654321")
    )
    campaign.user_id = owner
    members = env["sms.gateway.list"].search([("company_id", "=", company.id)])
    members = members or env["sms.gateway.list"].create(
        {"name": f"list of {company.name}", "company_id": company.id, "kind": "members"}
    )
    gate = env["sms.gateway.route"].create(
        {
            "name": f"{route.name}-gate",
            "provider_code": "xml_gate",
            "company_id": company.id,
        }
    )
    return [route, gate.setting_ids, campaign, campaign.message_ids, members]


def _send_to(env, route, phone):
    limits = Limits(
        max_recipients=10, max_segments=10, max_speech=100, time_zone="Europe/Moscow"
    )
    request = {
        "route": route.name,
        "send": {"text_male": f"of {route.name}", "users": [{"phone": phone}]},
    }
    document = parse(request, method="POST", limits=limits, now=fields.Datetime.now())
    campaign, _rejected = env["sms.gateway.campaign.accept"]._accept(
        document, route, source="api"
    )
    return campaign.id


def configure(registry, **values):
    """Change settings of the gateway.

    :return: what they were, None where they were not set
    """
    with environment(registry) as env:
        parameters = env["ir.config_parameter"]
        names = {name: f"crm_sms_gateway.{name}" for name in values}
        before = {key: parameters.get_param(names[key]) or None for key in values}
        for key, value in values.items():
            parameters.set_param(names[key], value or False)
        return before


def set_secrets(registry, *, route_id, secret):
    """Give a route another password."""
    with environment(registry) as env:
        route = env["sms.gateway.route"].browse(route_id)
        for setting in route.setting_ids:
            if setting.is_secret:
                setting.secret_input = secret


def write_route(registry, *, route_id, values):
    """Change fields of a route."""
    with environment(registry) as env:
        env["sms.gateway.route"].browse(route_id).write(values)


def tell_time(_registry):
    """The clock of this host, in seconds since 1970."""
    return time.time()


def set_url(registry, *, route_id, url):
    """Let a route call another address, with the credentials that it has."""
    with environment(registry) as env:
        route = env["sms.gateway.route"].browse(route_id)
        secrets = {
            setting: setting.sudo().secret_value
            for setting in route.setting_ids
            if setting.is_secret
        }
        [setting] = route.setting_ids.filtered(lambda one: one.name == "url")
        setting.value = url
        # Another address clears them.
        for setting, secret in secrets.items():
            setting.secret_input = secret
