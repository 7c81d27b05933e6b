"""What people may decide about campaigns, change and delete."""

from odoo import fields
from odoo.exceptions import AccessError, UserError

#: What a person decides; everything else about a campaign is the gateway's.
DRAFT_FIELDS = frozenset(
    (
        "name",
        "route_id",
        "channel",
        "category",
        "is_debug",
        "template_id",
        "text_male",
        "text_female",
        "text_neutral",
        "has_variants",
        "text_alternative",
        "is_transliterated",
        "has_short_links",
        "scheduled_at",
        "ttl",
        "ttl_hours",
        "recipient_source",
        "list_ids",
        "res_model",
        "res_domain",
        "filter_id",
        "is_temporary",
        "test_phone",
    )
)


def check_may_decide(env, vals):
    """
    :param vals: dict of values to write
    :raise AccessError: some of them are the gateway's to write
    """
    not_theirs = vals.keys() - DRAFT_FIELDS
    if not env.su and not_theirs:
        raise AccessError(
            env._(
                "These campaign fields are set by the gateway and cannot be changed: "
                "%(names)s.",
                names=", ".join(sorted(not_theirs)),
            )
        )


def get_decided_context(env):
    """The context without defaults for what is not the user's to decide."""
    if env.su:
        return env.context
    return {
        name: value
        for name, value in env.context.items()
        if not name.startswith("default_")
        or name.removeprefix("default_") in DRAFT_FIELDS
    }


def check_is_draft(campaigns):
    """:raise UserError: one of them was sent or cancelled"""
    for campaign in campaigns:
        if campaign.state != "draft":
            raise UserError(_explain_no_draft(campaign))


def _explain_no_draft(campaign):
    env, name = campaign.env, campaign.name
    if campaign.state == "cancelled":
        return env._(
            "Campaign “%(campaign)s” was cancelled. Duplicate it to send a similar "
            "one.",
            campaign=name,
        )
    if campaign.state == "scheduled":
        return env._(
            "Campaign “%(campaign)s” has been accepted and is scheduled. To change "
            "it, return it to draft first.",
            campaign=name,
        )
    return env._(
        "Campaign “%(campaign)s” has already been sent. Duplicate it to send a "
        "similar one.",
        campaign=name,
    )


def check_may_delete(campaigns):
    """Only campaigns that never had a message are deleted by people.

    :raise UserError: one of them is under way, or had messages
    """
    for campaign in campaigns:
        if campaign.state in ("scheduled", "running", "paused"):
            raise UserError(
                campaign.env._(
                    "Campaign “%(campaign)s” is in progress. Cancel it first.",
                    campaign=campaign.name,
                )
            )
        if _had_messages(campaign):
            raise UserError(_explain_stored(campaign))


def _had_messages(campaign):
    """Whether messages were ever written, stored or not."""
    return any(campaign._get_totals().values()) or _has_messages(campaign, [])


def _has_messages(campaign, domain):
    # sudo: messages the user may not see are messages all the same
    Message = campaign.env["sms.gateway.message"].sudo()
    ours = fields.Domain("campaign_id", "=", campaign.id) & fields.Domain(domain)
    return bool(Message.search_count(ours, limit=1))


def _explain_stored(campaign):
    env, attempted = campaign.env, [("attempts", ">", 0)]
    if _has_messages(campaign, []) and not _has_messages(campaign, attempted):
        return env._(
            "Campaign “%(campaign)s” cannot be deleted: nothing was sent, but its "
            "messages show the recipients and the reasons why nothing was sent.",
            campaign=campaign.name,
        )
    return env._(
        "Campaign “%(campaign)s” has messages and cannot be deleted.",
        campaign=campaign.name,
    )
