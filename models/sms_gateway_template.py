"""Templates: texts by gender, kept for use again."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.sentences import sentence
from ..tools.template import TemplateError, compile_template


class SmsGatewayTemplate(models.Model):
    """Male, female and neutral text of one message."""

    _name = "sms.gateway.template"
    _description = "SMS Gateway Template"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    field_names = fields.Char(
        "Names in the text",
        default="first_name",
        help="Names that the texts may use, separated by commas.",
    )
    text_male = fields.Text("Text for men", required=True)
    text_female = fields.Text("Text for women")
    text_neutral = fields.Text("Neutral text")

    def _get_field_names(self):
        self.ensure_one()
        names = (self.field_names or "").split(",")
        return tuple(name.strip() for name in names if name.strip())

    @api.constrains("field_names", "text_male", "text_female", "text_neutral")
    def _check_texts(self):
        for template in self:
            for name in ("text_male", "text_female", "text_neutral"):
                template._check_text(self._fields[name], template[name])

    def _check_text(self, field, text):
        try:
            compile_template(text or "", self._get_field_names())
        except TemplateError as error:
            language = self.env["sms.gateway.message"]._language()
            label = field._description_string(self.env)
            explanation = sentence(
                error.code, language, line=error.line, detail=error.detail
            )
            raise ValidationError(
                self.env._(
                    "%(label)s: %(explanation)s", label=label, explanation=explanation
                )
            ) from error
