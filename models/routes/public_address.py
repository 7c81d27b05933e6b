"""The address that short links and webhooks begin with, and what is wrong with it.

Everything takes it from here. Odoo's own ``web.base.url`` follows whatever address an
administrator logs in under, unless it is frozen.
"""

from ...tools.public_address import find_trouble, read_address


def get_public_address(record):
    """What the links of a record begin with; empty where there is no usable address."""
    return read_address(_get_text(record))


def explain_address(record):
    """What whoever wants links or webhooks should know; False where all is well."""
    env, text = record.env, _get_text(record)
    trouble = find_trouble(text)
    if trouble:
        return _EXPLANATIONS[trouble](env, text)
    # sudo: system parameters are read for everybody
    parameters = env["ir.config_parameter"].sudo()
    # any value at all, as Odoo reads it
    if _get_own(env) or parameters.get_param("web.base.url.freeze"):
        return False
    return env._(
        "The address %(address)s changes when an administrator logs in through "
        "another address. Enter the public address in the SMS Gateway settings, or "
        "set the system parameter web.base.url.freeze.",
        address=text,
    )


def _get_text(record):
    return _get_own(record.env) or record.get_base_url() or ""


def _get_own(env):
    return env["sms.gateway.settings"]._get().public_address


def _explain_missing(env, _text):
    return env._(
        "Odoo has no public address: links are not shortened and providers cannot "
        "send delivery reports. Enter the public address in the SMS Gateway settings."
    )


def _explain_unreadable(env, text):
    return env._(
        "“%(address)s” is not a web server address such as https://crm.example.com: "
        "links are not shortened and providers cannot send delivery reports. Enter "
        "the public address in the SMS Gateway settings.",
        address=text,
    )


def _explain_private(env, text):
    return env._(
        "The address %(address)s is reachable only inside your network: recipients "
        "cannot open links and providers cannot send delivery reports. Enter the "
        "public address in the SMS Gateway settings.",
        address=text,
    )


def _explain_unencrypted(env, text):
    return env._(
        "The address %(address)s is not encrypted: requests can be intercepted, and "
        "phones show a warning. Use https.",
        address=text,
    )


_EXPLANATIONS = {
    "missing": _explain_missing,
    "unreadable": _explain_unreadable,
    "private": _explain_private,
    "unencrypted": _explain_unencrypted,
}
