"""SMS Marketing through the gateway, from the mailing to the provider."""

from __future__ import annotations

from .figures import Figure, Line
from .scene import Meter, Scene, open_stage
from .submit import check_provider

#: Odoo's composer stops near 17 000 by itself: it cannot read more ids.
CONTACTS = 20_000
MARKETING = Line("marketing", "SMS Marketing to 20 000 contacts, handed over", "s")
STEPS = ("compose_mailing", "hand_over", "run_lane")


def measure(scene: Scene) -> dict[Line, Figure]:
    """One mailing to 20 000 contacts: composed, enqueued, sent."""
    with open_stage(scene, original=scene.marketing) as stage:
        worker = stage.worker
        mailing = worker.do("make_mailing", count=CONTACTS)["mailing"]
        with Meter(sender=[worker.pid]) as meter:
            results = {
                "compose_mailing": worker.do("compose_mailing", mailing=mailing),
                "hand_over": worker.do("hand_over"),
                "run_lane": worker.do("run_lane"),
            }
        stage.expect(submitted=CONTACTS)
        check_provider(stage.provider.stats(messages=False), CONTACTS)
    seconds = [results[step]["seconds"] for step in STEPS]
    composed, handed_over, sent = seconds
    return {
        MARKETING: Figure(
            sum(seconds),
            memory=max(result["peak"] for result in results.values()),
            cpu=meter.per(CONTACTS),
            facts={"steps": results},
            note=f"composed by Odoo in {composed:.1f} s, enqueued in"
            f" {handed_over:.1f} s, sent in {sent:.1f} s",
        )
    }
