"""Templates: texts by gender and language, kept for use again."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.names.aliases import ALIASES
from ...tools.template import TemplateError, compile_template
from ..common.usage import check_unused
from ..recipients.sms_gateway_recipient import PERSON_NAMES, read_person
from ..routes.public_address import explain_address
from ..sending.selections import CATEGORIES
from .lint_warnings import SPOKEN_VARIANTS, explain_template, find_in_texts
from .placeholders import list_placeholders
from .rendering import CampaignRenderer, find_names

#: What a preview of a template depends on.
PREVIEWED_FIELDS = frozenset(
    (
        "name",
        "res_model",
        "category",
        "text_male",
        "text_female",
        "text_neutral",
        "has_short_links",
    )
)


class SmsGatewayText(models.AbstractModel):
    """Male, female and neutral text of one message, in one language."""

    _name = "sms.gateway.text"
    _inherit = ["sms.gateway.text.variants"]
    _description = "SMS Gateway Text"

    findings = fields.Json("Text Warnings", compute="_compute_findings")

    def _get_res_model(self):
        """The model whose fields the texts may use."""
        raise NotImplementedError

    @api.depends("text_male", "text_female", "text_neutral")
    def _compute_findings(self):
        # the author's own name stands for anybody's
        own, names = self.env.user.partner_id, (*PERSON_NAMES, *ALIASES)
        samples = dict(read_person(own, names, self.env.company)[1].values)
        for record in self:
            names = find_names(self.env, [record._get_res_model()])
            sources = {
                variant: record[f"text_{variant}"] or "" for variant in SPOKEN_VARIANTS
            }
            record.findings = find_in_texts(self.env, sources, names, samples, "sms")

    @api.constrains("text_male", "text_female", "text_neutral")
    def _check_texts(self):
        for record in self:
            if not record._has_text():
                raise ValidationError(self.env._("Enter at least one text."))
            for variant in SPOKEN_VARIANTS:
                record._check_text(variant)

    def _check_text(self, variant):
        names = find_names(self.env, [self._get_res_model()])
        try:
            compile_template(self[f"text_{variant}"] or "", names)
        except TemplateError as error:
            raise ValidationError(
                self.env._(
                    "%(label)s: %(explanation)s",
                    label=self._label_text(variant),
                    explanation=explain_template(self.env, error),
                )
            ) from error


class SmsGatewayTemplate(models.Model):
    """The texts of one message; the own ones are for everybody whose language has no
    translation."""

    _name = "sms.gateway.template"
    _inherit = ["sms.gateway.text"]
    _description = "SMS Gateway Template"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    res_model = fields.Selection(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_res_model(),
        string="Applies to",
        required=True,
        default="res.partner",
        help="Texts can use fields of these records as placeholders.",
    )
    category = fields.Selection(CATEGORIES, "Message category")
    has_short_links = fields.Boolean(
        "Short links",
        help="Replaces each link in the text with a unique short link per recipient "
        "and counts clicks.",
    )
    address_trouble = fields.Char(
        "Problem with the public address", compute="_compute_address_trouble"
    )
    translation_ids = fields.One2many(
        "sms.gateway.template.translation", "template_id", "Other languages", copy=True
    )

    @api.depends_context("lang")
    def _compute_address_trouble(self):
        for template in self:
            template.address_trouble = explain_address(template)

    def _get_res_model(self):
        return self.res_model

    @api.constrains("res_model")
    def _check_res_model(self):
        self._check_texts()
        self.translation_ids._check_texts()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: actions the user may not see need their template just as well
        actions = self.env["ir.actions.server"].sudo()
        for template in self:
            check_unused(
                self.env,
                template.name,
                actions.search([("sms_gateway_template_id", "=", template.id)]),
                self.env["sms.gateway.campaign"]._find_waiting(
                    [("template_id", "=", template.id)]
                ),
            )

    # === PREVIEW ===
    def action_preview(self, changes):
        """Preview the texts while the author types, filled with the author's own data.

        :param changes: dict of fields that are not saved yet
        :return: dict of variant → dict of ``text``, ``count``, ``encoding`` and
            ``units``
        """
        renderer = CampaignRenderer(self._make_draft(changes), self.env)
        samples = renderer.read_samples(self.env["sms.gateway.recipient"])
        texts, sizes = renderer.fill_texts(samples), renderer.measure(samples)
        return {
            variant: {"text": text, **sizes[variant]} for variant, text in texts.items()
        }

    def action_list_placeholders(self, changes):
        """List what the texts may use; see `list_placeholders`."""
        return list_placeholders(self.env, {self._make_draft(changes).res_model})

    def action_get_test_phone(self):
        """The number that a test goes to unless the author enters another one."""
        return self.env["sms.gateway.campaign"]._get_default_test_phone() or ""

    def action_send_test(self, changes, phones):
        """Send the text for the author's own gender, filled with the author's data.

        :param changes: dict of fields that are not saved yet
        :param phones: test numbers as of a campaign
        """
        campaigns = self.env["sms.gateway.campaign"]
        campaigns.check_access("create")
        campaigns._check_has_route()
        draft = self._make_draft(changes)
        draft.test_phone = phones
        nobody = self.env["sms.gateway.recipient"]
        return self.env["sms.gateway.campaign.accept"]._test(draft, nobody)

    def _make_draft(self, changes):
        """A campaign of the template, which is not stored.

        :param changes: dict of fields of the template that are not saved yet
        """
        self.check_access("read")
        wanted = {
            name: value for name, value in changes.items() if name in PREVIEWED_FIELDS
        }
        template = self.new(wanted, origin=self)
        campaigns = self.env["sms.gateway.campaign"]
        return campaigns.new(
            {
                **template._get_campaign_values(),
                "name": template.name or campaigns._make_title(template.text_male),
                "route_id": campaigns._get_default_route().id,
                "channel": "sms",
                "recipient_source": "filter",
                "res_model": template._read_res_model(),
            }
        )

    def _read_res_model(self):
        """The model whose fields the texts may use; a browser may have sent any."""
        offered = dict(self.env["sms.gateway.campaign"]._selection_res_model())
        return self.res_model if self.res_model in offered else "res.partner"

    def _get_campaign_values(self):
        """:return: dict of what a campaign has from its template"""
        return {
            "text_male": self.text_male,
            "text_female": self.text_female,
            "text_neutral": self.text_neutral,
            "has_short_links": self.has_short_links,
            "category": self.category,
        }

    def _get_translation(self, lang):
        """The texts in a language, empty where there are none."""
        if not lang:
            return self.translation_ids.browse()
        return self.translation_ids.filtered(lambda text: text.lang == lang)[:1]

    def _get_languages(self):
        return self.translation_ids.mapped("lang")


class SmsGatewayTemplateTranslation(models.Model):
    """The texts of a template in one language."""

    _name = "sms.gateway.template.translation"
    _inherit = ["sms.gateway.text"]
    _description = "SMS Gateway Template Translation"
    _order = "lang, id"
    _rec_name = "lang"

    template_id = fields.Many2one(
        "sms.gateway.template", required=True, index=True, ondelete="cascade"
    )
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        required=True,
    )

    _lang_unique = models.UniqueIndex(
        "(template_id, lang)", "The template already has a text in this language."
    )

    def _get_res_model(self):
        return self.template_id.res_model
