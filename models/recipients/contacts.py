"""Contacts by their numbers: where one alone has a number, it is that one."""

from collections import defaultdict


def find_only_contacts(env, places):
    """The contacts that alone in a company have a number, if the user may read them.

    :param places: list of (E.164 or False, company)
    :return: dict of place → contact
    """
    numbers = {number for number, _company in places if number}
    if not numbers:
        return {}
    # sudo: whom the user may not read has the number all the same
    found = (
        env["res.partner"]
        .sudo()
        ._read_group(
            [("phone_sanitized", "in", list(numbers))],
            ["phone_sanitized", "company_id"],
            ["id:array_agg"],
        )
    )
    ids = defaultdict(list)
    for number, company, of_both in found:
        ids[number, company.id] += of_both
    only = {}
    for number, company in dict.fromkeys(places):
        having = ids[number, False] + ids[number, company.id]
        if len(having) == 1:
            only[number, company] = having[0]
    readable = env["res.partner"].browse(only.values())._filtered_access("read")
    of_id = {contact.id: contact for contact in readable}
    return {
        place: of_id[contact_id]
        for place, contact_id in only.items()
        if contact_id in of_id
    }
