"""A word at the corner of the screen, as the answer of a button."""

#: What the web client does after the word.
CLOSE = {"type": "ir.actions.act_window_close"}
RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def make_notification(message, kind="success", **params):
    """The action that tells a person something.

    :param kind: success, info, warning or danger
    :param params: of the client action ``display_notification``, such as ``next``
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"type": kind, "message": message, **params},
    }
