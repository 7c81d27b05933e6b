"""One text for everybody, or a text for each gender."""

from odoo import fields, models

from .lint_warnings import SPOKEN_VARIANTS


class SmsGatewayTextVariants(models.AbstractModel):
    """Texts by gender. A text for men alone is everybody's: forms call it *Text*."""

    _name = "sms.gateway.text.variants"
    _description = "SMS Gateway Text Variants"

    text_male = fields.Text("Text for men")
    text_female = fields.Text("Text for women")
    text_neutral = fields.Text("Neutral text")
    # depends on nothing: while an author rewrites a text, its field stays in sight
    has_variants = fields.Boolean(
        "Different text by gender",
        compute="_compute_has_variants",
        readonly=False,
        help="Separate texts for men and women, and a neutral text for recipients"
        " whose gender is not set. To turn it off, clear the text for women and the"
        " neutral text first.",
    )

    def _compute_has_variants(self):
        for record in self:
            record.has_variants = record._differs_by_gender()

    def _differs_by_gender(self):
        """Whether there is another text than the one for men."""
        return bool(
            (self.text_female or "").strip() or (self.text_neutral or "").strip()
        )

    def _has_text(self):
        """Whether any of the texts is given."""
        return any((self[f"text_{one}"] or "").strip() for one in SPOKEN_VARIANTS)

    def _label_text(self, variant):
        """What forms call the text of a variant, in the user's language."""
        if variant == "male" and not self._differs_by_gender():
            return self.env._("Text")
        return self._fields[f"text_{variant}"]._description_string(self.env)
