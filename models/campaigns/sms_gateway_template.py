"""Templates: texts by gender and language, kept for use again."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.template import TemplateError, compile_template
from ..common.usage import check_unused
from ..recipients.sms_gateway_recipient import PERSON_NAMES, read_person
from ..routes.public_address import explain_address
from ..sending.selections import CATEGORIES
from .lint_warnings import SPOKEN_VARIANTS, explain_template, find_in_texts
from .rendering import find_names


class SmsGatewayText(models.AbstractModel):
    """Male, female and neutral text of one message, in one language."""

    _name = "sms.gateway.text"
    _description = "SMS Gateway Text"

    text_male = fields.Text("Text for men")
    text_female = fields.Text("Text for women")
    text_neutral = fields.Text("Neutral text")

    findings = fields.Json("Text Warnings", compute="_compute_findings")

    def _get_res_model(self):
        """The model whose fields the texts may use."""
        raise NotImplementedError

    @api.depends("text_male", "text_female", "text_neutral")
    def _compute_findings(self):
        # the author's own name stands for anybody's
        own = self.env.user.partner_id
        samples = dict(read_person(own, PERSON_NAMES, self.env.company)[1].values)
        for record in self:
            names = find_names(self.env, [record._get_res_model()])
            sources = {
                variant: record[f"text_{variant}"] or "" for variant in SPOKEN_VARIANTS
            }
            record.findings = find_in_texts(self.env, sources, names, samples, "sms")

    @api.constrains("text_male", "text_female", "text_neutral")
    def _check_texts(self):
        for record in self:
            variants = [f"text_{variant}" for variant in SPOKEN_VARIANTS]
            if not any((record[variant] or "").strip() for variant in variants):
                raise ValidationError(self.env._("Enter at least one text."))
            for variant in variants:
                record._check_text(variant)

    def _check_text(self, variant):
        names = find_names(self.env, [self._get_res_model()])
        try:
            compile_template(self[variant] or "", names)
        except TemplateError as error:
            raise ValidationError(
                self.env._(
                    "%(label)s: %(explanation)s",
                    label=self._fields[variant]._description_string(self.env),
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
