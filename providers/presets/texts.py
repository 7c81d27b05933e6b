"""The texts of the presets, marked for translation: what Odoo collects of data files
is Python. A test keeps them equal to the files."""

from __future__ import annotations

from ..types import _

TEXTS = (
    _("Beeline A2P, Quick Telecom"),
    _(
        "HTTP protocol of Quick Telecom, also used by Beeline A2P.\n"
        "\n"
        "Enter the login and the password of the service, and the registered sender "
        "name. The URL of Quick Telecom is https://go.qtelecom.ru/public/http/.\n"
        "Statuses are polled."
    ),
    _("Login"),
    _("Password"),
    _("Sender name"),
    _("Displayed to the recipient"),
    _("MegaFon A2P"),
    _(
        "HTTP API of MegaFon for business messages (megalabs.ru).\n"
        "\n"
        "Your MegaFon account manager provides the login, the password and the "
        "registered sender name.\n"
        "Each message carries the gateway's ID: the provider does not send the same "
        "message twice.\n"
        "Statuses are pushed only: the webhook URL of the route must be reachable "
        "from the internet. The API does not report a balance."
    ),
    _("MessageBird (Bird) SMS"),
    _(
        "REST API of MessageBird (rest.messagebird.com), not the newer API of Bird.\n"
        "\n"
        "Copy a live access key from the dashboard, Developers, API access.\n"
        "Delivery reports are requested with every message and are also polled. "
        "Webhook requests are not signed: the secret webhook URL of the route "
        "protects them."
    ),
    _("Access key"),
    _("playSMS"),
    _(
        "Web services of playSMS, a system that you host yourself.\n"
        "\n"
        "Enter the playSMS URL without index.php. In playSMS, open the user's "
        "preferences, enable web services, copy the token and allow the address of "
        "this server.\n"
        "Statuses are polled. playSMS accepts the token in the URL of requests: use "
        "https."
    ),
    _("User name"),
    _("Web services token"),
    _("Empty: the default of the user account"),
    _("Plivo"),
    _(
        "Messaging API of Plivo.\n"
        "\n"
        "Copy Auth ID and Auth Token from the overview page of the console. The "
        "sender name is a number of the account or a registered name.\n"
        "Delivery reports are requested with every message and are also polled. For "
        "inbound messages, enter the webhook URL of this route as the message URL of "
        "an application.\n"
        "To check the signatures of webhook requests, enter the Auth Token again as "
        "the webhook signature key."
    ),
    _("Auth ID"),
    _("Auth Token"),
    _("Webhook signature key"),
    _("Empty: signatures are not checked"),
    _("Rapporto"),
    _(
        "REST API of Rapporto (rapporto.ru).\n"
        "\n"
        "Your Rapporto account manager provides the URL, the login and the password, "
        "allows the IP address of this server and registers the sender name.\n"
        "Delivery reports are requested with every message and are pushed only: the "
        "webhook URL of the route must be reachable from the internet. Delivery "
        "reports are not signed: the secret webhook URL protects them. Rapporto does "
        "not report a delivery status for MegaFon subscribers.\n"
        "Inbound messages: send the webhook URL to your account manager.\n"
        "The API does not report a balance."
    ),
    _("Sinch SMS"),
    _(
        "SMS API of Sinch (REST, service plans).\n"
        "\n"
        "In the Sinch dashboard, open SMS, APIs and copy the service plan ID and the "
        "API token. Select the URL of the region of your plan: us, eu, au, br or "
        "ca.\n"
        "Delivery reports are requested with every message. For inbound messages, "
        "enter the webhook URL of this route in the Sinch dashboard.\n"
        "If Sinch has set a webhook secret for you, enter it: webhook requests with "
        "another signature are then rejected."
    ),
    _("Service plan ID"),
    _("API token"),
    _("A number of the plan or a sender name. Empty: the default of the plan"),
    _("Webhook secret"),
)
