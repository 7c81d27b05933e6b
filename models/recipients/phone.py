"""The numbers that stand in records, as Odoo reads them."""

from odoo.tools import groupby

from ...tools.msisdn import Reading, is_of, read

#: What `read_phones` asks of a record besides its numbers, where it has that.
FIELDS_READ = ("phone_sanitized", "country_id", "parent_id", "partner_id")


def read_phones(records, partners, company):
    """Read the numbers of records of one model, each by its own country.

    A record's own number goes before its partner's. The country is that of the record
    or its partner, else that of the partner's company, else the company's. Where that
    is not what Odoo has read, nobody can know what is right.

    :param partners: dict of the records' ids → the partner behind it, or none
    :param company: whose country a number without one has
    :rtype: list[tools.msisdn.Reading]
    """
    found = [_find_written(record, partners[record.id]) for record in records]
    countries = _find_countries(source for source, _written in found)
    fallback = _get_country(company)
    return [
        _read(source, written, countries.get((source._name, source.id)), fallback)
        for source, written in found
    ]


def read_phone(raw, company):
    """Read a number that stands in no record.

    :rtype: tools.msisdn.Reading
    """
    return read(raw or "", _get_country(company), is_own=False)


def _get_country(company):
    # sudo: which country a company has is no secret
    return company.sudo().country_id.code or None


def _find_written(record, partner):
    """:return: the record or else its partner, and the numbers written there"""
    written = _get_written(record)
    if written or not partner:
        return record, written
    return partner, _get_written(partner)


def _get_written(record):
    numbers = (record[name] for name in record._phone_get_number_fields())
    return [number for number in numbers if number]


def _find_countries(sources):
    """:return: dict of (model name, id) → the country's code"""
    found = {}
    for model_name, of_model in groupby(sources, lambda source: source._name):
        # sudo: how a number is read does not depend on who may see the country
        records = of_model[0].concat(*of_model[1:]).sudo()
        for record_id, country in records._phone_get_country().items():
            found[model_name, record_id] = country.code
    return found


def _read(source, written, own, fallback):
    """Read the first number that can be read."""
    known = _get_known(source)
    if written == [known] and not own:
        # as it is sent: nothing can be wrong with it
        return Reading(known, known)
    own = own or _get_country_of_company(source)
    country = own or fallback
    trusted = known if known and is_of(known, country) else None
    readings = [read(raw, country, known=trusted, is_own=bool(own)) for raw in written]
    reading = next((one for one in readings if one.number), None)
    if reading is None:
        return readings[0] if readings else Reading()
    if known not in (None, reading.number):
        return Reading(reading.raw, reason="doubtful")
    return reading


def _get_known(source):
    """What Odoo made of the number when it was written: its blacklist knows that."""
    known = "phone_sanitized" in source._fields and source.phone_sanitized
    return known or None


def _get_country_of_company(source):
    """The country of the company that a contact without one belongs to."""
    if source._name != "res.partner" or not source.parent_id:
        return None
    # sudo: how a number is read does not depend on who may see the country
    return source.sudo().commercial_partner_id.country_id.code or None
