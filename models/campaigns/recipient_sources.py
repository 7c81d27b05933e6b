"""Where a campaign's recipients come from, and what texts may say of them."""

from .filters import read_domain


def get_sources(campaign):
    """List what a campaign's recipients are looked for with.

    :return: list of (model name, domain), None for a selection, whose records are
        stored already
    """
    campaign.ensure_one()
    if campaign.recipient_source == "selection":
        return None
    if campaign.recipient_source == "filter":
        if not campaign.res_model:
            return []
        model = campaign.env[campaign.res_model]
        return [(campaign.res_model, read_domain(model, campaign.res_domain))]
    return [source for one in campaign.list_ids for source in one._get_sources()]


def can_change(campaign):
    """Tell whether the recipients may differ on another day: those of filters and
    mailing lists, not those who were chosen."""
    if campaign.recipient_source == "lists":
        return any(one.kind != "members" for one in campaign.list_ids)
    return campaign.recipient_source == "filter"


def get_stored_sources(campaign):
    """List the records stored as recipients.

    :return: list of (model name, domain)
    """
    groups = campaign.env["sms.gateway.recipient"]._read_group(
        [("campaign_id", "=", campaign.id)], ["res_model"], ["res_id:array_agg"]
    )
    return [
        (model_name, [("id", "in", ids)])
        for model_name, ids in groups
        if model_name in campaign.env
    ]


def get_models(campaign):
    """Find the models of the recipients' records; a selection is of one model.

    :return: set of model names
    """
    sources = get_sources(campaign)
    if sources is not None:
        return {model_name for model_name, _domain in sources}
    first = campaign.env["sms.gateway.recipient"].search(
        [("campaign_id", "=", campaign._origin.id)], order="index", limit=1
    )
    return {first.res_model} if first else set()


def get_value_names(campaign):
    """Find the names that only imported recipients give values for. A selection among
    the recipients of an earlier campaign has the lists of that one.

    :return: set of names that texts may use
    """
    has_lists = campaign.recipient_source in ("lists", "selection")
    lists = campaign.list_ids if has_lists else []
    return {name for one in lists for name in one._get_value_names()}
