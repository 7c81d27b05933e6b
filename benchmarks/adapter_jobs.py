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
    """Stands in for the HTTP client: gives the simulator's answers to the first batch
    to every later one, call by call."""

    allows_private = True

    def __init__(self, client):
        self._client = client
        self._answers = []
        self._next = 0

    def rewind(self):
        """The same batch is handed over once more."""
        self._next = 0

    def request(self, method, url, **values):
        if self._next == len(self._answers):
            self._answers.append(self._client.request(method, url, **values))
        answer = self._answers[self._next]
        self._next += 1
        return answer

    def get(self, url, **values):
        return self.request("GET", url, **values)

    def post(self, url, **values):
        return self.request("POST", url, **values)

    def close(self):
        self._client.close()


def measure(registry, *, code, settings):
    """Messages per second of processor time that an adapter builds and reads."""
    channels = sorted(PROVIDERS[code].capabilities.channels & TEXTS.keys())
    return {"rates": [measure_channel(code, settings, one) for one in channels]}


def measure_channel(code, settings, channel):
    replay = Replay(HttpClient(allows_private=True))
    context = Context("Bench", callback_url="https://crm.example.com/webhook/t")
    provider = PROVIDERS[code](settings, replay, context)
    requests = [make_request(number, channel) for number in range(provider.max_batch)]
    for result in provider.submit(requests):
        if result.outcome is not Outcome.ACCEPTED:
            raise AssertionError(f"{code}: {result}")
    started, count = time.process_time(), 0
    while time.process_time() - started < LASTING:
        replay.rewind()
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
