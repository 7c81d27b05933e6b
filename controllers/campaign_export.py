"""The address of a campaign's workbook of recipients."""

import tempfile

from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CampaignExport(http.Controller):
    """Streams workbooks from a file: memory does not grow with their rows."""

    @http.route(
        "/crm_sms_gateway/campaign/<int:campaign_id>/recipients.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def export(self, campaign_id):
        campaign = request.env["sms.gateway.campaign"].browse(campaign_id).exists()
        if not campaign:
            raise request.not_found()
        # closed with the response
        file = tempfile.TemporaryFile()  # noqa: SIM115
        campaign._export_recipients(file)
        size = file.tell()
        file.seek(0)
        name = f"{campaign.name}.xlsx"
        return request.make_response(
            wrap_file(request.httprequest.environ, file),
            [
                ("Content-Type", XLSX),
                ("Content-Length", str(size)),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
