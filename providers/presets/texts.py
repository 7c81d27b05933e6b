"""The texts of the presets, marked for translation: what Odoo collects of data files
is Python. A test keeps them equal to the files."""

from __future__ import annotations

from ..types import _

TEXTS = (
    _("Beeline A2P, Quick Telecom"),
    _(
        "HTTP protocol of Quick Telecom, also spoken by Beeline A2P.\n"
        "\n"
        "Enter login and password of the service, and the registered sender name."
        " The address of Quick Telecom is https://go.qtelecom.ru/public/http/.\n"
        "Statuses are polled."
    ),
    _("Login"),
    _("Password"),
    _("Sender name"),
    _("Shown to the recipient"),
    _("MegaFon A2P"),
    _(
        "HTTP API of MegaFon for business messages (megalabs.ru).\n"
        "\n"
        "Your manager at MegaFon gives login, password and the registered sender"
        " name.\n"
        "Every message carries an ID of ours: the provider refuses to send the same"
        " one twice.\n"
        "Statuses are pushed only: the callback address of the route must be"
        " public. The API tells no balance."
    ),
    _("MessageBird (Bird) SMS"),
    _(
        "REST API of MessageBird (rest.messagebird.com); the newer API of Bird is"
        " another one.\n"
        "\n"
        "Copy a live access key from the dashboard, Developers, API access.\n"
        "Delivery reports are requested with every message and polled; pushes are"
        " not signed, the secret address of the route protects them."
    ),
    _("Access key"),
    _("playSMS"),
    _(
        "Web services of playSMS, a gateway that you run yourself.\n"
        "\n"
        "Enter its address without index.php. In playSMS open the user's"
        " preferences, enable web services and copy the token; allow the address of"
        " this server there.\n"
        "Statuses are polled. playSMS takes the token in the address of requests:"
        " use https."
    ),
    _("User name"),
    _("Web services token"),
    _("Empty: the default of the user"),
    _("Plivo"),
    _(
        "Messaging API of Plivo.\n"
        "\n"
        "Copy Auth ID and Auth Token from the console's overview. The sender is a"
        " number of the account or a registered name.\n"
        "Delivery reports are requested with every message and polled. For inbound"
        " messages enter the callback address of this route as the message URL of"
        " an application.\n"
        "To check the signatures of pushes enter the Auth Token once more as their"
        " key."
    ),
    _("Auth ID"),
    _("Auth Token"),
    _("Key of push signatures"),
    _("Empty: signatures are not checked"),
    _("Rapporto"),
    _(
        "REST API of Rapporto (rapporto.ru).\n"
        "\n"
        "Your manager at Rapporto gives the address, login and password, allows the"
        " IP address of this server and registers the sender name.\n"
        "Delivery reports are requested with every message and are pushed only: the"
        " callback address of the route must be public. They are not signed, the"
        " secret address protects them. For subscribers of MegaFon Rapporto tells no"
        " delivery status.\n"
        "Inbound messages: give the callback address to your manager.\n"
        "The API tells no balance."
    ),
    _("Sinch SMS"),
    _(
        "SMS API of Sinch (REST, service plans).\n"
        "\n"
        "In the Sinch dashboard open SMS, APIs and copy the service plan ID and the"
        " API token. Choose the address of the region of your plan: us, eu, au, br"
        " or ca.\n"
        "Delivery reports are requested with every message; for inbound messages"
        " enter the callback address of this route there.\n"
        "If Sinch has set a webhook secret for you, enter it: pushes with another"
        " signature are then refused."
    ),
    _("Service plan ID"),
    _("API token"),
    _("A number of the plan or a name; empty: the default of the plan"),
    _("Webhook secret"),
)
