"""The words of messages as selections: `tools.vocabulary` with their labels."""

from ...tools import vocabulary


def _label(words, labels):
    """:return: list of (word, label), in the order of the words"""
    return [(word, labels[word]) for word in words]


CHANNELS = _label(vocabulary.CHANNELS, {"sms": "SMS", "voice": "Voice call"})
STATES = _label(
    vocabulary.STATES,
    {
        "queued": "Queued",
        "submitting": "Submitting",
        "submitted": "Submitted",
        "unknown": "Unknown",
        "delivered": "Delivered",
        "failed": "Failed",
        "expired": "Expired",
        "cancelled": "Cancelled",
    },
)
OUTCOMES = _label(
    vocabulary.OUTCOMES,
    {
        "waiting": "Waiting",
        "submitted": "Submitted",
        "unknown": "Unknown",
        "delivered": "Delivered",
        "not_delivered": "Not delivered",
        "not_sent": "Not sent",
    },
)
FAILURE_TYPES = _label(
    vocabulary.FAILURE_TYPES,
    {
        "invalid_number": "Invalid number",
        "missing_data": "Missing data",
        "unreachable": "Unreachable",
        "blocked": "Blocked",
        "opted_out": "Opted out",
        "operator_refusal": "Refused by the operator",
        "sender_rejected": "Sender rejected",
        "sender_unregistered": "Sender not registered",
        "content_rejected": "Content rejected",
        "template_mismatch": "No registered template",
        "spam": "Taken for spam",
        "mailing_forbidden": "Mailing forbidden",
        "sim_changed": "SIM card changed",
        "no_answer": "No answer",
        "busy": "Busy",
        "declined": "Declined",
        "machine": "Answering machine",
        "no_funds": "No funds",
        "unsupported": "Not supported",
        "attempts_exhausted": "Attempts exhausted",
        "provider_error": "Provider error",
        "other": "Other",
    },
)
SOURCES = _label(
    vocabulary.SOURCES,
    {
        "dispatcher": "Sending",
        "withheld": "Not handed over again",
        "push": "Delivery report",
        "poll": "Status poll",
        "lookup": "Reconciliation",
        "lease": "Lost worker",
        "ttl": "Time to live",
        "blacklist": "Blacklist",
        "campaign": "Campaign",
        "person": "Person",
    },
)
CAMPAIGN_STATES = _label(
    vocabulary.CAMPAIGN_STATES,
    {
        "draft": "Draft",
        "scheduled": "Scheduled",
        "running": "Running",
        "paused": "Paused",
        "done": "Done",
        "cancelled": "Cancelled",
    },
)
CAMPAIGN_SOURCES = _label(
    vocabulary.CAMPAIGN_SOURCES,
    {
        "api": "API",
        "person": "Person",
        "action": "Server action",
        "odoo": "Odoo's SMS",
    },
)
