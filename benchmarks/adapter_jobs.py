"""Jobs inside Odoo, where the adapters can be imported; done by `worker`."""

import time
from datetime import datetime, timedelta, timezone

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import Context, Outcome, SubmitRequest

#: seconds of processor time
LASTING = 0.3
TEXTS = {
    "sms": "Уважаемый Андрей, заказ {number} готов. Ждём Вас до 20:00.",
    "voice": "Здравствуйте! Заказ {number} готов.",
}


class Replay:
    """Stands in for the HTTP client: answers what the simulator answered once."""

    allows_private = True

    def __init__(self, client):
        self._client = client
        self._answers = {}

    def request(self, method, url, **values):
        key = method, url.partition("?")[0]
        if key not in self._answers:
            self._answers[key] = self._client.request(method, url, **values)
        return self._answers[key]

    def get(self, url, **values):
        return self.request("GET", url, **values)

    def post(self, url, **values):
        return self.request("POST", url, **values)

    def close(self):
        self._client.close()


def measure(registry, *, code, settings):
    """Messages per second of processor time that an adapter builds and reads."""
    provider = PROVIDERS[code](
        settings,
        Replay(HttpClient(allows_private=True)),
        Context("Bench", callback_url="https://crm.example.com/webhook/t"),
    )
    channels = sorted(provider.capabilities.channels & TEXTS.keys())
    return {"rates": [measure_channel(provider, channel) for channel in channels]}


def measure_channel(provider, channel):
    requests = [make_request(number, channel) for number in range(provider.max_batch)]
    for result in provider.submit(requests):
        if result.outcome is not Outcome.ACCEPTED:
            raise AssertionError(f"{provider.code}: {result}")
    started, count = time.process_time(), 0
    while time.process_time() - started < LASTING:
        provider.submit(requests)
        count += len(requests)
    spent = time.process_time() - started
    return {"channel": channel, "batch": len(requests), "rate": count / spent}


def make_request(number, channel):
    return SubmitRequest(
        uuid=f"{number + 1:032x}",
        client_reference=str(10**12 + number),
        msisdn=f"+7916{number:07d}",
        text=TEXTS[channel].format(number=number),
        channel=channel,
        valid_until=datetime.now(timezone.utc) + timedelta(hours=6),
    )
