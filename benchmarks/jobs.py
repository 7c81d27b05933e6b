"""Jobs inside Odoo with the addon, done by `worker`: functions of plain values."""

import json

import psycopg2

from odoo import Command, fields, sql_db

from odoo.addons.crm_sms_gateway.controllers.api.json_body import parse_json
from odoo.addons.crm_sms_gateway.controllers.api.requests import parse
from odoo.addons.crm_sms_gateway.controllers.api.send_request import Limits
from odoo.addons.crm_sms_gateway.models.access.res_users import KEY_SCOPE

from benchmarks.documents import NAMES, ROUTE, make_document, make_phone
from benchmarks.environment import open_env

#: the first may be more than the model allows: the largest allowed is taken
CONCURRENCIES = (256, 128, 64, 32, 16)


# === SCENE ===
def set_up(registry, *, url, max_batch, lanes=1, concurrency=None):
    """Make the only active route, to the provider at this address.

    :param concurrency: calls at once; as many as the model allows when None
    """
    with open_env(registry) as env:
        env["sms.gateway.route"].search([]).write({"state": "paused"})
        route = env["sms.gateway.route"].create(
            {"name": ROUTE, "provider_code": "xml_gate"}
        )
        settings = {
            "url": url,
            "login": "demo",
            "sender": "DEMO",
            "timezone": "Europe/Moscow",
            "max_batch": str(max_batch),
        }
        if "allows_private" in route._fields:  # not in every commit measured against
            route.allows_private = True
        for setting in route.setting_ids:
            setting.value = settings.get(setting.name, setting.value)
            if setting.is_secret:
                setting.secret_input = "demo"
        raise_concurrency(route, (concurrency,) if concurrency else CONCURRENCIES)
        env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", str(lanes))
        return {"concurrency": route.concurrency, "token": route.webhook_token}


def raise_concurrency(route, choices):
    """Let the route make as many calls at once as the model allows."""
    for concurrency in choices:
        try:
            with route.env.cr.savepoint():
                route.concurrency = concurrency
                route.flush_recordset()
        except psycopg2.errors.CheckViolation:
            route.invalidate_recordset()
        else:
            return


def make_key(registry):
    """Make an API key of an ordinary user of the API."""
    with open_env(registry) as env:
        group = env.ref("crm_sms_gateway.group_api")
        user = env["res.users"].create(
            {"name": "bench", "login": "bench", "group_ids": [(6, 0, group.ids)]}
        )
        keys = env["res.users.apikeys"].with_user(user).sudo()
        return {"key": keys._generate(KEY_SCOPE, "bench", None)}


# === ACCEPT ===
def enqueue(registry, *, count, first=0, batch=10_000):
    """Accept so many messages as the API would, in requests of at most `batch`."""
    for start in range(first, first + count, batch):
        size = min(batch, first + count - start)
        accept(registry, body=json.dumps(make_document(size, first=start)))


def accept(registry, *, body):
    """Do what the API does with the body of one request, commit included."""
    limits = Limits(
        max_recipients=10**6,
        max_segments=10,
        max_speech=4000,
        time_zone="Europe/Moscow",
    )
    document = parse(
        parse_json(body.encode()),
        method="POST",
        limits=limits,
        now=fields.Datetime.now(),
    )
    with open_env(registry) as env:
        route = env["sms.gateway.route"].search([("name", "=", document.route)])
        env["sms.gateway.campaign.accept"]._accept(document, route, source="api")


# === SUBMIT ===
def run_lane(registry, *, lane=1):
    """Run a lane, as its cron does, until nothing is left to send."""
    is_left, runs = True, 0
    while is_left:
        runs += 1
        with open_env(registry) as env:
            env["sms.gateway.dispatcher"]._run(lane, linger=0)
            left = [("state", "in", ("queued", "submitting"))]
            is_left = bool(env["sms.gateway.message"].search_count(left, limit=1))
    return {"runs": runs}


# === POLL ===
def make_due(registry):
    """Let the turn of every submitted message to be asked for be now."""
    with open_env(registry) as env:
        env.cr.execute(
            """UPDATE sms_gateway_message SET next_poll_at = now() AT TIME ZONE 'UTC'
                WHERE state = 'submitted'"""
        )


def poll(registry):
    """Ask for statuses, as the cron does, until no message's turn is left.

    :return: ``queries``: the SQL statements it took, ``runs`` of the cron
    """
    queries, is_left, runs = sql_db.sql_counter, True, 0
    while is_left:
        runs += 1
        with open_env(registry) as env:
            polls = env["sms.gateway.status.poll"]
            polls._cron_poll(linger=0)
            is_left = bool(polls._find_due("submitted"))
    return {"queries": sql_db.sql_counter - queries, "runs": runs}


# === CAMPAIGNS ===
def make_contacts(registry, *, count):
    """So many contacts, by turns men and women."""
    with open_env(registry) as env:
        env["res.partner"].with_context(tracking_disable=True).create(
            [
                {
                    "name": NAMES[number % len(NAMES)],
                    "phone": make_phone(number),
                    "gender": "female" if number % 2 else "male",
                    "ref": "bench",
                }
                for number in range(count)
            ]
        )


def select_contacts(registry):
    """Do what the button on the list does with all contacts selected."""
    with open_env(registry) as env:
        chosen = env["res.partner"].search([("ref", "=", "bench")], limit=20_000)
        context = {
            "active_model": "res.partner",
            "active_ids": chosen.ids,
            "active_domain": [("ref", "=", "bench")],
        }
        campaigns = env["sms.gateway.campaign"].with_context(**context)
        return {"campaign": campaigns._open_composer()["res_id"]}


def send_campaign(registry, *, campaign):
    """Do what the dialog does: keep the texts, and send."""
    with open_env(registry) as env:
        draft = env["sms.gateway.campaign"].browse(campaign)
        draft.route_id = env["sms.gateway.route"].search([("name", "=", ROUTE)])
        draft.text_male = "Уважаемый {{ first_name }}! Скидки на всё."
        draft.text_female = "Уважаемая {{ first_name }}! Скидки на всё."
        draft.action_send()


def prepare(registry):
    """Do what the preparer's cron does, until all is written."""
    is_left = True
    while is_left:
        with open_env(registry) as env:
            env["sms.gateway.fan.out"]._cron_prepare()
            left = [("unprepared_count", ">", 0)]
            is_left = bool(env["sms.gateway.campaign"].search_count(left, limit=1))


# === MARKETING ===
def make_mailing(registry, *, count):
    """Let Odoo's SMS go through the route, and make a mailing to so many contacts."""
    with open_env(registry) as env:
        env.company.sms_gateway_route_id = env["sms.gateway.route"].search(
            [("name", "=", ROUTE)]
        )
        readers = env["mailing.list"].create({"name": "Readers"})
        env["mailing.contact"].with_context(tracking_disable=True).create(
            [
                {
                    "name": NAMES[number % len(NAMES)],
                    "mobile": make_phone(number),
                    "list_ids": [Command.link(readers.id)],
                }
                for number in range(count)
            ]
        )
        mailing = env["mailing.mailing"].create(
            {
                "subject": "Sale",
                "sms_subject": "Sale",
                "mailing_type": "sms",
                "mailing_model_id": env["ir.model"]._get("mailing.list").id,
                "contact_list_ids": [Command.link(readers.id)],
                "body_plaintext": "Уважаемый {{ object.name }}! Скидки на всё.",
                "sms_allow_unsubscribe": False,
            }
        )
        return {"mailing": mailing.id}


def compose_mailing(registry, *, mailing):
    """Do what the cron of mailings does: all recipients in one transaction."""
    with open_env(registry) as env:
        env["mailing.mailing"].browse(mailing).action_send_sms()


def hand_over(registry):
    """Do what the cron of Odoo's SMS queue does, until it is empty."""
    is_left = True
    while is_left:
        with open_env(registry) as env:
            env["sms.sms"]._process_queue()
            left = [("state", "=", "outgoing")]
            is_left = bool(env["sms.sms"].search_count(left, limit=1))
