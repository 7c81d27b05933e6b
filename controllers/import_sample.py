"""The file to fill in that the import of recipients offers."""

from odoo import http
from odoo.http import content_disposition, request

from ..models.sending.reasons import get_language
from ..tools.importing.sample import make_sample


class ImportSample(http.Controller):
    """Answers people of the web client, in their language."""

    @http.route("/sms_gateway/import_sample", type="http", auth="user", readonly=True)
    def download(self):
        name = request.env._("recipients") + ".csv"
        return request.make_response(
            make_sample(get_language(request.env)),
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
