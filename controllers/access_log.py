"""Secrets of addresses stay out of the server's access log."""

import logging
import re

#: Loggers of Odoo's web servers.
LOGGERS = ("werkzeug", "longpolling")
WEBHOOK = re.compile(r"(/crm_sms_gateway/webhook/)[^\s?#\"']+")


class WebhookFilter(logging.Filter):
    """Writes three stars for the token of a webhook address."""

    def filter(self, record):
        record.msg = _redact(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_redact, record.args))
        return True


def _redact(value):
    return WEBHOOK.sub(r"\1***", value) if isinstance(value, str) else value


def install():
    for name in LOGGERS:
        logging.getLogger(name).addFilter(WebhookFilter())
