"""Jobs inside a native Odoo with sms_twilio, done by `worker`."""

import requests.adapters

from odoo import Command

from odoo.addons.sms_twilio.tools.sms_twilio import (
    generate_twilio_sms_callback_signature,
)

from benchmarks.documents import NAMES, make_phone
from benchmarks.environment import open_env

ACCOUNT = "AC" + "0" * 32
TWILIO = "https://api.twilio.com"
BODY = "Уважаемый {{ object.name }}! Ваш заказ готов, ждём Вас."


def set_up(registry, *, partners):
    """Make the company send through Twilio, and contacts to send to."""
    with open_env(registry) as env:
        env.company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": ACCOUNT,
                "sms_twilio_auth_token": "token",
                "sms_twilio_number_ids": [
                    Command.create(
                        {
                            "number": "+15005550006",
                            "country_id": env.ref("base.us").id,
                        }
                    )
                ],
            }
        )
        country = env.ref("base.ru").id
        env["res.partner"].create(
            [
                {
                    "name": NAMES[number % len(NAMES)],
                    "phone": make_phone(number),
                    "country_id": country,
                }
                for number in range(partners)
            ]
        )


def compose(registry, *, count):
    """Let the composer queue one text per contact, commit included.

    Without the notes that it leaves on every contact by default: they cost more than
    the messages.
    """
    with open_env(registry) as env:
        phones = [make_phone(number) for number in range(count)]
        partners = env["res.partner"].search([("phone", "in", phones)])
        composer = env["sms.composer"].create(
            {
                "composition_mode": "mass",
                "res_model": "res.partner",
                "res_ids": str(partners.ids),
                "body": BODY,
                "mass_keep_log": False,
            }
        )
        composer.action_send_sms()
    with open_env(registry) as env:
        return {"queued": env["sms.sms"].search_count([("state", "=", "outgoing")])}


def run_queue(registry, *, url):
    """Run the queue, as its cron does, until nothing is left to send."""
    redirect(url)
    is_left = True
    while is_left:
        with open_env(registry) as env:
            env["sms.sms"]._process_queue()
            left = [("state", "=", "outgoing"), ("to_delete", "!=", True)]
            is_left = bool(env["sms.sms"].search_count(left, limit=1))


def redirect(url):
    """Let what is sent to Twilio go to a provider of ours; nothing else is changed."""
    original = requests.adapters.HTTPAdapter.send

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace(TWILIO, url)
        assert request.url.startswith(url)
        return original(self, request, *args, **kwargs)

    requests.adapters.HTTPAdapter.send = send


def make_sent(registry, *, count, base_url):
    """Make messages that were sent from a contact's chatter and whose reports are to
    come, as `mail.thread._notify_thread_by_sms` and the queue leave them.

    :return: ``reports``: uuid and signature of the report "delivered" of each
    """
    with open_env(registry) as env:
        env["ir.config_parameter"].set_param("web.base.url", base_url)
        partners = env["res.partner"].search([("phone", "!=", False)], limit=count)
        messages = partners._message_log_batch(
            bodies={partner.id: "Ваш заказ готов." for partner in partners},
            message_type="sms",
        )
        pairs = list(zip(partners, messages, strict=True))
        all_sms = env["sms.sms"].create(
            [
                {
                    "body": "Ваш заказ готов.",
                    "number": partner.phone,
                    "partner_id": partner.id,
                    "mail_message_id": message.id,
                    "state": "pending",
                    "to_delete": True,
                }
                for partner, message in pairs
            ]
        )
        env["mail.notification"].create(
            [
                {
                    "author_id": sms.mail_message_id.author_id.id,
                    "mail_message_id": sms.mail_message_id.id,
                    "res_partner_id": sms.partner_id.id,
                    "sms_number": sms.number,
                    "notification_type": "sms",
                    "sms_id_int": sms.id,
                    "sms_tracker_ids": [Command.create({"sms_uuid": sms.uuid})],
                    "is_read": True,
                    "notification_status": "pending",
                }
                for sms in all_sms
            ]
        )
        status = {"SmsStatus": "delivered"}
        return {
            "reports": [
                [
                    uuid,
                    generate_twilio_sms_callback_signature(env.company, uuid, status),
                ]
                for uuid in all_sms.mapped("uuid")
            ]
        }


def count_delivered(registry):
    """How many reports were taken."""
    with open_env(registry) as env:
        delivered = [
            ("notification_type", "=", "sms"),
            ("notification_status", "=", "sent"),
        ]
        return {"delivered": env["mail.notification"].search_count(delivered)}
