"""What an empty list says."""

from markupsafe import Markup

from odoo import api, models

#: Links are shown for one campaign at a time: those of others say nothing about its
#: list. Actions to messages are made while people send: nothing is asked for them.
_EXCEPT = ("sms.gateway.link", "sms.gateway.message")
#: What a list shows at most; the domain of its action.
_SHOWN = {
    "sms.gateway.campaign": [("is_temporary", "!=", True)],
    "sms.gateway.hold": [("cause", "!=", False)],
}


class Base(models.AbstractModel):
    """The help of the gateway's lists."""

    _inherit = "base"

    @api.model
    def get_empty_list_help(self, help_message):
        """Extend: how to begin is told where nothing exists; a search that finds
        nothing is told to be one."""
        help_message = super().get_empty_list_help(help_message)
        if not self._name.startswith("sms.gateway.") or self._name in _EXCEPT:
            return help_message
        if not help_message or not _is_any(self.with_context(active_test=False)):
            return help_message
        return Markup(
            '<p class="o_view_nocontent_empty_folder">{title}</p><p>{advice}</p>'
        ).format(
            title=self.env._("Nothing found"),
            advice=self.env._("Remove a filter, or search for something else."),
        )


def _is_any(model):
    """Whether the user may read any record that the list shows."""
    domain = _SHOWN.get(model._name, [])
    return model.has_access("read") and bool(model.search_count(domain, limit=1))
