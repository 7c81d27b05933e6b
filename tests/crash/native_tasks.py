"""What workers of Odoo's own SMS queue do, with sms_twilio, see `nursery`."""

import logging
import time
from urllib.parse import urlsplit, urlunsplit

import requests

from .tasks import environment

_logger = logging.getLogger(__name__)

TWILIO = "api.twilio.com"
AUTH_TOKEN = "secret"


def make_queue(registry, *, messages, base_url=None):
    """Let the company send through Twilio, and queue messages to different numbers.

    :param base_url: where delivery reports come in; with it the messages stand in the
        chatter of contacts, as nothing else of Odoo's own waits for a report
    """
    with environment(registry) as env:
        env.company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": "AC" + "0" * 32,
                "sms_twilio_auth_token": AUTH_TOKEN,
            }
        )
        if not env.company.sms_twilio_number_ids:
            country = env.ref("base.us")
            env["sms.twilio.number"].create(
                {
                    "company_id": env.company.id,
                    "number": "+15005550006",
                    "country_id": country.id,
                }
            )
        numbers = [f"+7916{1_000_000 + number}" for number in range(messages)]
        if base_url:
            env["ir.config_parameter"].set_param("web.base.url", base_url)
            contact = env["res.partner"].create({"name": "Contact"})
            for number in numbers:
                contact._message_sms(
                    f"Code {number}", sms_numbers=[number], put_in_queue=True
                )
        else:
            env["sms.sms"].create(
                [{"number": number, "body": f"Code {number}"} for number in numbers]
            )


def queue(registry, *, url, for_ever=True):
    """Run the queue's cron again and again.

    :param url: where the requests to Twilio go instead
    :return: the number of runs that ended with an error
    """
    _redirect(url)
    errors = 0
    while True:
        try:
            if not _run_queue(registry) and not for_ever:
                return errors
        except Exception:
            _logger.exception("The queue failed")
            errors += 1
            time.sleep(0.1)


def _run_queue(registry):
    """:return: whether something waits"""
    with environment(registry) as env:
        env["sms.sms"]._process_queue()
        waiting = [("state", "=", "outgoing"), ("to_delete", "!=", True)]
        is_waiting = bool(env["sms.sms"].search_count(waiting, limit=1))
    if not is_waiting:
        time.sleep(0.02)
    return is_waiting


def _redirect(url):
    """Send what is meant for Twilio to the simulator; nothing else is changed."""
    simulator = urlsplit(url)
    send = requests.Session.request

    def request(self, method, address, **values):
        parts = urlsplit(address)
        if parts.hostname == TWILIO:
            parts = parts._replace(scheme=simulator.scheme, netloc=simulator.netloc)
        return send(self, method, urlunsplit(parts), **values)

    requests.Session.request = request


def resend_failed(registry, *, url):
    """Do what the list's "Retry" does: queue what failed once more, and send it."""
    with environment(registry) as env:
        env["sms.sms"].search([("state", "=", "error")]).action_set_outgoing()
    return queue(registry, url=url, for_ever=False)
