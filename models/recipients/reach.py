"""Reach: whether a number can be written to."""

from .sms_gateway_recipient import PROBLEMS, find_opted_out

REACH = [("reachable", "Reachable"), *PROBLEMS]


def evaluate_reach(env, phones):
    """Find out for each number whether it can be written to.

    :param phones: list of `tools.msisdn.Reading`
    :return: list of (E.164 or None, value of `REACH`)
    """
    evaluated = [_evaluate(phone) for phone in phones]
    numbers = [number for number, _reach in evaluated if number]
    opted_out = find_opted_out(env, numbers)
    return [
        (number, "opted_out" if number in opted_out else reach)
        for number, reach in evaluated
    ]


def _evaluate(phone):
    if phone.serves("sms"):
        return phone.number, "reachable"
    return None, "invalid_number" if phone.raw.strip() else "no_number"
