"""Jobs inside Odoo, done by `worker`: functions of a registry and plain values."""

import json

import psycopg2

from odoo import SUPERUSER_ID, api, fields

from odoo.addons.crm_sms_gateway.controllers import api_schema

from benchmarks.documents import make_document

#: more than any route allows, so that the largest allowed is found
CONCURRENCIES = (256, 128, 64, 32, 16)


def make_route(registry, *, url, max_batch, name="bench", lanes=1):
    """Make the only active route, to the provider at this address."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["sms.gateway.route"].search([]).write({"state": "paused"})
        route = env["sms.gateway.route"].create(
            {"name": name, "provider_code": "xml_gate"}
        )
        settings = {
            "url": url,
            "login": "demo",
            "sender": "DEMO",
            "timezone": "Europe/Moscow",
            "max_batch": str(max_batch),
        }
        for setting in route.setting_ids:
            setting.value = settings.get(setting.name, setting.value)
            if setting.is_secret:
                setting.secret_input = "demo"
        concurrency = _raise_concurrency(route)
        env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", str(lanes))
    return {"route_id": route.id, "concurrency": concurrency}


def _raise_concurrency(route):
    """Let the route make as many calls at once as the model allows."""
    for concurrency in CONCURRENCIES:
        try:
            with route.env.cr.savepoint():
                route.concurrency = concurrency
                route.flush_recordset()
        except psycopg2.errors.CheckViolation:
            route.invalidate_recordset()
        else:
            break
    return route.concurrency


def enqueue(registry, *, count, route="bench", batch=10_000, first=0):
    """Accept so many messages as the API would, in requests of at most `batch`."""
    for start in range(first, first + count, batch):
        size = min(batch, first + count - start)
        accept(registry, body=json.dumps(make_document(size, route, first=start)))


def accept(registry, *, body):
    """Do what the API does with the body of one request, commit included."""
    limits = api_schema.Limits(
        max_recipients=10**6,
        max_segments=10,
        max_speech=4000,
        time_zone="Europe/Moscow",
    )
    document = api_schema.parse(
        api_schema.parse_json(body.encode()),
        method="POST",
        limits=limits,
        now=fields.Datetime.now(),
    )
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        route = env["sms.gateway.route"].search([("name", "=", document.route)])
        env["sms.gateway.campaign"]._accept(document, route, source="api")


def run_lane(registry, *, lane=1):
    """Run a lane, as its cron does, until nothing is left to send."""
    runs = 0
    is_left = True
    while is_left:
        runs += 1
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["sms.gateway.dispatcher"]._run(lane, linger=0)
            left = [("state", "in", ("queued", "submitting"))]
            is_left = bool(env["sms.gateway.message"].search_count(left, limit=1))
    return {"runs": runs}
