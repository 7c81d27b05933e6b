"""A campaign of a person: how long they wait, and how long its preparation takes."""

from __future__ import annotations

from .figures import Figure, Line
from .processes import Worker
from .scene import Meter, Scene, open_stage

CONTACTS = 60_000
WAIT = Line("campaign-wait", "60 000 contacts selected, until Send has answered", "s")
PREPARE = Line("campaign-prepare", "their messages prepared in the background", "msg/s")


def measure(scene: Scene) -> dict[Line, Figure]:
    """All of 60 000 contacts selected, sent to, prepared."""
    with open_stage(scene) as stage:
        worker = stage.worker
        # Another process: what it takes is no memory of the campaign's.
        with Worker(stage.database) as other:
            other.do("make_contacts", count=CONTACTS)
        opened = worker.do("select_contacts")
        sent = worker.do("send_campaign", campaign=opened["campaign"])
        with Meter(sender=[worker.pid]) as meter:
            prepared = worker.do("prepare")
        stage.expect(queued=CONTACTS)
    return {
        WAIT: Figure(
            opened["seconds"] + sent["seconds"],
            memory=max(opened["peak"], sent["peak"]),
            facts={"opened": opened, "sent": sent},
            note=f"the dialog opens in {opened['seconds']:.2f} s, Send answers in"
            f" {sent['seconds']:.2f} s",
        ),
        PREPARE: Figure(
            CONTACTS / prepared["seconds"],
            memory=prepared["peak"],
            cpu=meter.per(CONTACTS),
            facts=prepared,
        ),
    }
