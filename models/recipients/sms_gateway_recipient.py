"""Recipients: the records a campaign goes to, and what texts need of them."""

import json
import logging
from dataclasses import dataclass

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.compose import Recipient
from ...tools.msisdn import Reading
from ...tools.names.aliases import ALIASES
from ...tools.names.person_name import PersonName, split_name
from ..access.sms_gateway_readable import NO_RECORDS
from ..common.copied_many2one import CopiedMany2one
from ..common.sql_values import select_rows
from .field_text import format_field
from .gender import read_gender
from .phone import FIELDS_READ, read_phones

_logger = logging.getLogger(__name__)

#: Names of the manual: how a person is addressed.
PERSON_NAMES = ("first_name", "last_name", "patronymic", "fio")
PROBLEMS = [
    ("no_number", "No number"),
    ("invalid_number", "Invalid number"),
    ("opted_out", "Opted out"),
    ("duplicate", "Duplicate number"),
    ("missing_gender", "Gender not set"),
    ("missing_field", "Missing data"),
    ("other", "Invalid text"),
]
#: The logged state of recipients whose record has no chatter, or none of ours.
NO_CHATTER = "none"
#: Characters of what was entered as a number and is none.
MAX_SHOWN_PHONE = 40
#: Codes of `tools.compose.Problem` that have a word of their own among `PROBLEMS`.
_PROBLEM_OF_CODE = {
    "invalid_number": "invalid_number",
    "duplicate": "duplicate",
    "missing_gender": "missing_gender",
    "missing_field": "missing_field",
}


class SmsGatewayRecipient(models.Model):
    """One record that a campaign goes to, and its message once that is prepared.

    Rows of a draft are thrown away and made anew when its recipients change.
    """

    _name = "sms.gateway.recipient"
    _inherit = ["sms.gateway.readable"]
    _description = "SMS Gateway Recipient"
    _order = "campaign_id, index"
    _rec_name = "phone"
    _log_access = False

    campaign_id = fields.Many2one(
        "sms.gateway.campaign", required=True, readonly=True, ondelete="cascade"
    )
    index = fields.Integer(required=True, readonly=True)
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char("Recipient", compute="_compute_record_name")
    phone = fields.Char("Number", readonly=True)
    problem = fields.Selection(PROBLEMS, readonly=True)
    message_id = CopiedMany2one(
        "sms.gateway.message", readonly=True, index="btree_not_null"
    )
    again_of_id = CopiedMany2one(
        "sms.gateway.message",
        "Sent instead of",
        readonly=True,
        help="Message of another campaign whose recipient gets another text.",
    )
    is_prepared = fields.Boolean(readonly=True)
    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    logged_state = fields.Char(
        readonly=True, help="Status shown in the chatter; empty until it is logged."
    )

    _waiting_index = models.Index("(campaign_id, index) WHERE NOT is_prepared")
    _index_unique = models.UniqueIndex("(campaign_id, index)")
    _phone_index = models.Index("(campaign_id, phone) WHERE phone IS NOT NULL")
    _problem_index = models.Index(
        "(campaign_id, problem, index) WHERE problem IS NOT NULL"
    )
    _record_index = models.Index("(res_model, res_id)")
    _again_unique = models.UniqueIndex(
        "(again_of_id) WHERE again_of_id IS NOT NULL",
        "Some of these messages have already been sent again. Open the dialog again.",
    )
    _unlogged_index = models.Index(
        "(campaign_id, index) WHERE is_prepared AND logged_state IS NULL"
    )
    _open_log_index = models.Index(
        "(campaign_id) WHERE logged_state IN"
        " ('queued', 'submitting', 'submitted', 'unknown')"
    )

    # === COMPUTES ===
    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for model_name, recipients in self.grouped("res_model").items():
            names = self._get_names(model_name, recipients.mapped("res_id"))
            for recipient in recipients:
                recipient.record_name = names.get(recipient.res_id)

    def _get_names(self, model_name, ids):
        """:return: dict of the ids a person may read → names"""
        if model_name not in self.env:
            return {}
        records = self.env[model_name].browse(ids).exists()._filtered_access("read")
        return {record.id: record.display_name for record in records}

    def _get_reference(self):
        """What a reference field wants: the record, False where the user may not read
        it."""
        self.ensure_one()
        is_readable = self._get_names(self.res_model, [self.res_id])
        return f"{self.res_model},{self.res_id}" if is_readable else False

    # === ACCESS ===
    def _make_readable(self, alias):
        """Recipients follow their record and their campaign; of a draft, its author."""
        return SQL(
            """(%(own)s
                OR (%(of_records)s OR %(model)s IN %(no_records)s AND %(shared)s)
                AND EXISTS (SELECT FROM sms_gateway_campaign sent
                             WHERE sent.id = %(campaign_id)s AND sent.state <> 'draft'
                            OFFSET 0))""",
            own=self._make_of_campaign(alias, self._make_own),
            shared=self._make_of_campaign(alias, self._make_shared),
            of_records=self._make_of_records(alias),
            model=SQL.identifier(alias, "res_model"),
            no_records=NO_RECORDS,
            campaign_id=SQL.identifier(alias, "campaign_id"),
        )

    # === BUTTONS ===
    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    # === SNAPSHOT ===
    @api.model
    def _snapshot_recipients(self, campaign, sources):
        """Store whom a draft goes to: what the user may read, each record once.

        :param sources: iterable of (model name, domain)
        """
        self.env.cr.execute(
            SQL("DELETE FROM sms_gateway_recipient WHERE campaign_id = %s", campaign.id)
        )
        for model_name, domain in sources:
            query = self.env[model_name]._search(domain, order="id")
            self._insert_found(campaign, model_name, query)
        self.invalidate_model()

    def _insert_found(self, campaign, model_name, query):
        """Add what a query finds behind those who are there already.

        These are counted before: while rows are inserted PostgreSQL walks along them
        again and again.
        """
        self.env.flush_query(query.select())
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_recipient
                       (campaign_id, index, res_model, res_id, is_prepared)
                SELECT %(campaign_id)s, %(stored)s + row_number() OVER () - 1,
                       %(model)s, found.id, FALSE
                  FROM (%(query)s) AS found(id)
                 WHERE found.id NOT IN (
                       SELECT res_id FROM sms_gateway_recipient
                        WHERE campaign_id = %(campaign_id)s AND res_model = %(model)s)
                """,
                campaign_id=campaign.id,
                stored=campaign._count_recipients(),
                model=model_name,
                query=query.select(),
            )
        )

    # === READ ===
    def _read_people(self, env, names):
        """What texts need of the recipients' records, in the order of these.

        Records and fields that the author may not read give nothing; they never stop
        the others.

        :param env: the author's environment
        :param names: the names that the texts use
        :rtype: list[tuple[Person, compose.Recipient]]
        """
        people = {}
        for model_name, recipients in self.grouped("res_model").items():
            ids = recipients.mapped("res_id")
            records = env[model_name].browse(ids).exists()
            readable = records._filtered_access("read")
            for person in find_people(readable, self.campaign_id.company_id):
                people[model_name, person.record.id] = person
        return [
            _read_recipient(
                recipient, people.get((recipient.res_model, recipient.res_id)), names
            )
            for recipient in self
        ]

    def _find_earlier_phones(self, phones):
        """Those of the numbers that somebody before these recipients has.

        :rtype: set[str]
        """
        if not phones:
            return set()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT phone FROM sms_gateway_recipient
                 WHERE campaign_id = %s AND index < %s AND problem IS NULL
                   AND phone = ANY(%s)
                """,
                self.campaign_id.id,
                min(self.mapped("index")),
                list(phones),
            )
        )
        return {phone for (phone,) in rows}

    def _link_messages(self):
        """Note the messages that were just enqueued; all of one campaign, in turn."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient r
                   SET message_id = m.id, is_prepared = TRUE,
                       problem = CASE WHEN m.failure_type = 'opted_out'
                                      THEN 'opted_out' ELSE r.problem END
                  FROM sms_gateway_message m
                 WHERE m.campaign_id = r.campaign_id AND m.index = r.index
                   AND r.id = ANY(%s)
                """,
                self.ids,
            )
        )
        self.invalidate_model()

    @api.model
    def _forget_messages(self, campaign):
        """Make a campaign's recipients those of a draft again."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient
                   SET message_id = NULL, is_prepared = FALSE, mail_message_id = NULL,
                       logged_state = NULL
                 WHERE campaign_id = %s
                """,
                campaign.id,
            )
        )
        self.invalidate_model()

    @api.model
    def _follow_retries(self, messages):
        """Link recipients, and what their chatter says, to messages sent again."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient r
                   SET message_id = m.id,
                       logged_state = CASE WHEN r.mail_message_id IS NULL
                                             OR r.logged_state = %s
                                           THEN r.logged_state ELSE m.state END
                  FROM sms_gateway_message m
                 WHERE r.message_id = m.retry_of_id AND m.id = ANY(%s)
                """,
                NO_CHATTER,
                messages.ids,
            )
        )
        self.invalidate_model(["message_id", "logged_state"])

    @api.model
    def _follow_arrived(self, arrived):
        """Link recipients to messages that arrived after others had replaced them.

        :param arrived: dict of the id of the other message → of the one that arrived
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient r SET message_id = known.arrived_id
                  FROM (%s) AS known WHERE r.message_id = known.other_id
                """,
                select_rows({"other_id": "int", "arrived_id": "int"}, arrived.items()),
            )
        )
        self.invalidate_model(["message_id"])

    def _keep_findings(self, findings):
        """Keep what was found out when the messages were composed.

        :param findings: list of dicts of id, phone and problem
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_recipient r
                   SET phone = found.phone, problem = found.problem
                  FROM jsonb_to_recordset(%s::jsonb)
                    AS found(id int, phone varchar, problem varchar)
                 WHERE r.id = found.id
                """,
                json.dumps(findings),
            )
        )
        self.invalidate_model(["phone", "problem"])


@dataclass(frozen=True)
class Person:
    """Who stands behind a record. ``partner`` is empty where there is none.

    ``lang`` is None where nobody knows the person's language.
    """

    record: models.BaseModel
    partner: models.BaseModel
    phone: Reading
    gender: str | None
    name: PersonName
    fio: str
    lang: str | None


def find_people(records, company):
    """The persons behind records of one model that the user may read.

    The records of the persons have their language and time zone in their context, or
    else the company's: a text is the same whoever sends it.

    :param company: who writes to them
    :rtype: list[Person]
    """
    partners = _find_partners(records)
    phones = read_phones(records, partners, company)
    here = _get_context(company)
    return [
        _make_person(record, partners[record.id], phone, here)
        for record, phone in zip(records, phones, strict=True)
    ]


def find_phones(records, company):
    """The numbers of records of one model that the user may read.

    :rtype: list[tools.msisdn.Reading]
    """
    names = (*records._phone_get_number_fields(), *FIELDS_READ)
    records.fetch([name for name in names if name in records._fields])
    return read_phones(records, _find_partners(records), company)


def find_opted_out(env, numbers):
    """Those of the numbers that are on the blacklist: who may send may know whom they
    must not send to.

    In SQL: the blacklist's own search would parse each number anew.

    :param numbers: iterable of E.164
    :rtype: set[str]
    """
    env["phone.blacklist"].flush_model(["active", "number"])
    rows = env.execute_query(
        SQL(
            "SELECT number FROM phone_blacklist WHERE active AND number = ANY(%s)",
            list(numbers),
        )
    )
    return {number for (number,) in rows}


def read_person(record, names, company):
    """What a text needs of one record that is nobody's recipient.

    :param company: who writes to them
    :rtype: tuple[Person, compose.Recipient]
    """
    [person] = find_people(record, company)
    return person, _make_recipient(0, person, names)


def _find_partners(records):
    """:return: dict of the records' ids → a partner the user may read, or none"""
    if records._name == "res.partner":
        return {record.id: record for record in records}
    found = {
        record_id: partners[:1]
        for record_id, partners in records._mail_get_partners().items()
    }
    ids = {partner.id for partner in found.values() if partner}
    readable = records.env["res.partner"].browse(ids)._filtered_access("read")
    return {record_id: partner & readable for record_id, partner in found.items()}


def _get_context(company):
    """What texts to people of unknown language and time zone are written in."""
    return {
        "lang": company._get_sms_gateway_lang(),
        "tz": company._get_sms_gateway_time_zone(),
    }


def _make_person(record, partner, phone, here):
    """The name is the partner's, where the record has one; the gender is the record's
    own, if it has any."""
    named = partner if partner and not partner.is_company else record
    fio = _get_fio(named)
    spoken = partner or record
    lang, zone = _get(spoken, "lang") or None, _get(spoken, "tz")
    context = {"lang": lang or here["lang"], "tz": zone or here["tz"]}
    return Person(
        record=record.with_context(**context),
        partner=partner,
        phone=phone,
        gender=read_gender(record) or read_gender(partner),
        name=_get_name(named, fio),
        fio=fio,
        lang=lang,
    )


def _get(record, name):
    return record[name] if name in record._fields else None


def _get_fio(record):
    """A person's full name: of a lead its contact's."""
    if "contact_name" in record._fields:
        return record.contact_name or ""
    return _get(record, "name") or ""


def _get_name(record, fio):
    """What is known stays; only what is not known is guessed from the full name.
    Companies are nobody's name."""
    if _get(record, "is_company"):
        return PersonName()
    guess = split_name(fio)
    return PersonName(
        *(
            _get(record, part) or getattr(guess, part)
            for part in ("first_name", "last_name", "patronymic")
        )
    )


def _read_recipient(recipient, person, names):
    if person is None:
        return None, Recipient(recipient.index, Reading())
    return person, _make_recipient(recipient.index, person, names)


def _make_recipient(index, person, names):
    values = {name: _read_value(person, name) for name in names}
    return Recipient(index, person.phone, person.gender, values)


def _read_value(person, name):
    if person.record._name == "sms.gateway.list.member":
        imported = person.record.values or {}
        if name in imported:
            return imported[name]
    name = ALIASES.get(name, name)
    if name == "fio":
        return person.fio
    if name in PERSON_NAMES:
        return getattr(person.name, name)
    try:
        return format_field(person.record, name)
    except psycopg2.Error:
        raise
    except Exception as error:
        # a field that fails for one record must not stop the others
        _logger.info("%s of %s cannot be read: %s", name, person.record, error)
        return ""


def get_shown_phone(composed):
    """The number, or the beginning of what cannot be read as one; None without."""
    return composed.msisdn or (composed.phone or "")[:MAX_SHOWN_PHONE] or None


def get_problem(composed):
    """The word of `PROBLEMS` for a composed message, None when it can go."""
    if not composed.problems:
        return None
    problem = composed.problems[0]
    if problem.params.get("reason") == "absent":
        return "no_number"
    return _PROBLEM_OF_CODE.get(problem.code, "other")
