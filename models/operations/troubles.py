"""Troubles of the gateway, and the health as HTML."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Trouble:
    """What keeps the gateway from sending, or soon will.

    ``sentence`` and ``remedy`` are in the reader's language, ``action`` opens the place
    to act, ``is_serious`` tells those that stop the sending from mere warnings.
    Everybody reads what is serious or ``is_for_all``.
    """

    code: str
    sentence: str
    remedy: str
    action: dict | None = None
    is_serious: bool = True
    is_for_all: bool = False


def describe_health(env, health):
    """The health as HTML.

    :param health: as `sms.gateway.health` describes it
    """
    lines = [
        env._("%(lane)s: last run %(ago)s", lane=lane["name"], ago=lane["ago"])
        if lane["ago"]
        else env._("%(lane)s: has never run", lane=lane["name"])
        for lane in health["lanes"]
    ]
    if health["oldest_due"]:
        lines.append(
            env._(
                "The oldest message that is due has been waiting for %(age)s.",
                age=health["oldest_due"],
            )
        )
    paragraphs = [Markup("<p>%s</p>") % line for line in lines]
    return list_troubles(health["troubles"]) + Markup("").join(paragraphs)


def list_troubles(troubles):
    """The troubles and what to do about each, as HTML.

    :param troubles: dicts of the members of `Trouble`
    """
    lines = [
        Markup("<li><b>%s</b><br/>%s</li>") % (trouble["sentence"], trouble["remedy"])
        for trouble in troubles
    ]
    return Markup("<ul>%s</ul>") % Markup("").join(lines) if lines else Markup("")
