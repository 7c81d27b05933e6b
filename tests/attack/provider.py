"""A provider that answers anything but an answer, and a lane that works with it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crash.scene import Scene
from crash.workers import wait_until

from .meter import Meter
from .stage import Stage
from .verdict import Result

#: MiB that an answer may cost a lane, and seconds until it goes on without one
MEMORY = 60
PATIENCE = 3.0
SECONDS = 30
#: what a provider must never get told of, and never tell of
SECRET = "geheim-4711"
#: seconds that a route may rest without anybody being told
REST = 15 * 60
MARKUP = "<img src=x onerror=alert(1)>"

Answer = tuple[int, dict[str, str], Iterator[bytes]]


def send_to_liars(stage: Stage, result: Result) -> None:
    for name, make in ANSWERS.items():
        with Scene(stage.nursery, stage.database, is_idempotent=False) as scene:
            route_id = scene.route["route_id"]
            stage.nursery.run("set_secrets", route_id=route_id, secret=SECRET)
            with _lying(make) as url:
                stage.nursery.run("set_url", route_id=route_id, url=url)
                scene.send(3)
                measured, is_cheap = _run_lane(stage, route_id)
            stage.nursery.run("recover")
            shown = _find_shown(stage, route_id)
            told = ", ".join(shown) or "nothing"
            result.find(
                f"answers {name}",
                f"{measured}; shows {told}",
                f"{MEMORY} MiB, {SECONDS} s; shows nothing",
                is_cheap and not shown,
            )


def _run_lane(stage: Stage, route_id: int) -> tuple[str, bool]:
    """Let a lane send, and measure it."""
    lane = stage.nursery.fork("lane", read_timeout=PATIENCE)
    meter = Meter(lane.pid)
    with meter.measure() as cost:
        _wait_until_tried(stage)
    # what is told comes after the answer
    wait_until(lambda: not _is_parked_silently(stage, route_id), 5, 0.2)
    lane.kill()
    states = dict(stage.database.count_states())
    rest = max(_read_rest(stage), 0)
    told = f"{cost.memory:.0f} MiB, {cost.seconds:.0f} s, {states}, rests {rest:.0f} s"
    return told, cost.memory <= MEMORY and cost.seconds <= SECONDS


def _wait_until_tried(stage: Stage) -> None:
    """Return when nothing is in the middle of a call, and what was not tried waits for
    a route that rests."""
    query = """SELECT count(*) FILTER (WHERE m.state = 'submitting'
                                          OR m.state = 'queued' AND m.attempts = 0
                                         AND r.state = 'active'
                                         AND r.resume_at IS NULL) AS n
                 FROM sms_gateway_message m JOIN sms_gateway_route r
                   ON r.id = m.route_id"""
    wait_until(lambda: not stage.database.ask(query)[0]["n"], SECONDS + 10, 0.2)


def _find_shown(stage: Stage, route_id: int) -> list[str]:
    """What of the provider's answer stands where people see it."""
    shown = [
        f"the password in {column}"
        for column in _find_columns(stage, SECRET)
        if column != "sms_gateway_route_setting.secret_value"
    ]
    shown += [
        f"markup in {column}"
        for column in _find_columns(stage, MARKUP)
        if column in ("mail_activity.note", "mail_message.body")
    ]
    # The nursery has one log for all scenarios.
    log = (stage.folder / "odoo.log").read_text("utf-8", "replace")
    if SECRET in log:
        shown.append("the password in the log")
    if _is_parked_silently(stage, route_id):
        shown.append("to nobody that it rests for more than a quarter of an hour")
    return shown


def _find_columns(stage: Stage, text: str) -> list[str]:
    """Columns of the gateway's tables, and of what tells people, that hold a text."""
    columns = stage.database.ask(
        """SELECT table_name, column_name FROM information_schema.columns
            WHERE data_type IN ('text', 'character varying')
              AND table_schema = 'public'
              AND (table_name LIKE 'sms_gateway%%'
                   OR table_name IN ('mail_message', 'mail_activity'))"""
    )
    return [
        f"{one['table_name']}.{one['column_name']}"
        for one in columns
        if stage.database.ask(
            f"""SELECT 1 FROM "{one["table_name"]}"
                 WHERE position(%s IN "{one["column_name"]}") > 0 LIMIT 1""",
            text,
        )
    ]


def _is_parked_silently(stage: Stage, route_id: int) -> bool:
    query = """SELECT id FROM mail_activity
                WHERE res_model = 'sms.gateway.route' AND res_id = %s"""
    return _read_rest(stage) > REST and not stage.database.ask(query, route_id)


def _read_rest(stage: Stage) -> float:
    """Seconds until the first queued message is tried again."""
    [row] = stage.database.ask(
        """SELECT extract(epoch FROM min(GREATEST(m.not_before, r.resume_at))
                                     - now() AT TIME ZONE 'UTC')::float AS seconds
             FROM sms_gateway_message m JOIN sms_gateway_route r ON r.id = m.route_id
            WHERE m.state = 'queued'"""
    )
    return row["seconds"] or 0.0


# === THE PROVIDER ===
@contextmanager
def _lying(make: Callable[[bytes], Answer]) -> Iterator[str]:
    """A server of this machine that answers every request so.

    :param make: the request's body → status, headers, pieces of the answer's body
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, pieces = make(request)
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in pieces:
                    self.wfile.write(piece)

        do_GET = do_POST

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _endless(_request: bytes) -> Answer:
    return 200, {}, itertools.repeat(b"<a>" * 20_000)


def _dripping(_request: bytes) -> Answer:
    def drip() -> Iterator[bytes]:
        for _piece in range(10 * SECONDS):
            time.sleep(0.1)
            yield b" "

    return 200, {}, drip()


def _laughing(_request: bytes) -> Answer:
    steps = "".join(
        f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10)
    )
    xml = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{steps}]><r>&l9;</r>'
    return 200, {}, iter([xml.encode()])


def _reading_files(_request: bytes) -> Answer:
    xml = '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r><error>&f;</error></r>'
    return 200, {}, iter([xml.encode()])


def _deep(_request: bytes) -> Answer:
    return 200, {}, iter([b"<a>" * 1_000_000])


def _echo(request: bytes) -> Answer:
    """Tell everything that it was told, password included, as an error."""
    body = "<response><error>" + MARKUP.replace("<", "&lt;") + " "
    echoed = request.decode("utf-8", "replace").replace("<", "&lt;")
    return 200, {}, iter([(body + echoed + "</error></response>").encode()])


def _error_page(request: bytes) -> Answer:
    page = f"<html>{MARKUP}{request.decode('utf-8', 'replace')}</html>"
    return 500, {"Content-Type": "text/html"}, iter([page.encode()])


def _redirect(_request: bytes) -> Answer:
    return 302, {"Location": "http://169.254.169.254/latest/meta-data/"}, iter([])


def _parking(_request: bytes) -> Answer:
    return 429, {"Retry-After": "999999999"}, iter([])


def _many_headers(_request: bytes) -> Answer:
    return 200, {f"X-{number}": "x" * 60_000 for number in range(90)}, iter([b"<r/>"])


ANSWERS: dict[str, Callable[[bytes], Answer]] = {
    "without end": _endless,
    "drop by drop": _dripping,
    "with entities of entities": _laughing,
    "with an entity of a file": _reading_files,
    "nested elements": _deep,
    "with the request, password included": _echo,
    "with a page of errors": _error_page,
    "with a redirection": _redirect,
    "429, Retry-After: 999999999": _parking,
    "large headers": _many_headers,
}
