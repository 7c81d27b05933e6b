"""The words of messages as selections: `tools.vocabulary` with their labels."""

from ...tools import vocabulary


def _label(words, labels):
    """:return: list of (word, label), in the order of the words"""
    return [(word, labels[word]) for word in words]


CHANNELS = _label(vocabulary.CHANNELS, {"sms": "SMS", "voice": "Voice call"})
FOLLOW_UPS = _label(
    vocabulary.FOLLOW_UPS,
    {
        "definite": "After a final failure",
        "any": "Also without a final status",
    },
)
CATEGORIES = _label(
    vocabulary.CATEGORIES,
    {
        "advertising": "Advertising",
        "service": "Service",
        "transactional": "Transactional",
        "code": "One-time code",
    },
)
STATES = _label(
    vocabulary.STATES,
    {
        "queued": "Queued",
        "submitting": "Submitting",
        "submitted": "Submitted",
        "unknown": "Outcome unknown",
        "delivered": "Delivered",
        "failed": "Failed",
        "expired": "Expired",
        "cancelled": "Cancelled",
    },
)
OUTCOMES = _label(
    vocabulary.OUTCOMES,
    {
        "waiting": "Waiting to be sent",
        "submitted": "Submitted",
        "unknown": "Outcome unknown",
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
        "unreachable": "Subscriber unreachable",
        "blocked": "Number blocked",
        "opted_out": "Opted out",
        "operator_refusal": "Rejected by the operator",
        "sender_rejected": "Sender name rejected",
        "sender_unregistered": "Sender name not registered",
        "content_rejected": "Content rejected",
        "template_mismatch": "No registered template",
        "spam": "Classified as spam",
        "mailing_forbidden": "Mailings forbidden",
        "sim_changed": "SIM card changed",
        "no_answer": "No answer",
        "busy": "Busy",
        "declined": "Call declined",
        "machine": "Answering machine",
        "no_funds": "Insufficient funds",
        "unsupported": "Not supported",
        "attempts_exhausted": "Maximum attempts reached",
        "provider_error": "Provider error",
        "other": "Other",
    },
)
SOURCES = _label(
    vocabulary.SOURCES,
    {
        "dispatcher": "Sending",
        "withheld": "Not resubmitted",
        "push": "Delivery report",
        "poll": "Status poll",
        "lookup": "Reconciliation",
        "lease": "Worker crash",
        "ttl": "Validity period",
        "blacklist": "Blacklist",
        "campaign": "Campaign",
        "person": "User",
        "failover": "Failover",
        "earlier_route": "Earlier route or step",
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
        "person": "User",
        "action": "Server action",
        "odoo": "Odoo SMS",
    },
)
