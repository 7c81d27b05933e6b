"""Accepting campaigns: requests of the API, drafts, tests and Odoo's own SMS."""

import re
from functools import lru_cache

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ...tools.compose import compose_all
from ...tools.template import make_title
from ..common import clock
from ..common.cache import fill_cache
from ..common.moment import say_moment
from ..common.notification import CLOSE, make_notification
from ..recipients.phone import read_phone
from ..sending.reasons import explain_problem
from .campaign_values import CampaignValues, make_acceptance, make_row
from .draft_rules import check_is_draft
from .lint_warnings import SPOKEN_VARIANTS
from .recipient_sources import can_change, get_sources
from .rendering import CampaignRenderer, get_text_sources

#: Messages that are written while the person who sends them waits.
PREPARED_WHILE_WAITING = 100
#: Numbers that one test goes to.
MAX_TEST_NUMBERS = 10

_BETWEEN_NUMBERS = re.compile(r"[,;\n]+")


class RecipientsRejected(Exception):
    """Nothing is sent: no recipient is valid, or one is not and the caller is strict.

    ``code`` is the API's, ``rejected`` the list of `RejectedRecipient`.
    """

    def __init__(self, code, rejected):
        super().__init__(code)
        self.code = code
        self.rejected = rejected


@lru_cache(maxsize=1)
def _list_columns(names):
    """Names of columns as SQL; every campaign has the same ones."""
    return SQL(", ").join(map(SQL.identifier, names))


def _name_recipients(draft):
    """The names of the lists or of the saved filter that a draft goes to."""
    chosen = {"lists": draft.list_ids, "filter": draft.filter_id}
    records = chosen.get(draft.recipient_source) or ()
    return ", ".join(record.display_name for record in records)


class SmsGatewayCampaignAccept(models.AbstractModel):
    """Accepts campaigns: from here on the gateway writes them."""

    _name = "sms.gateway.campaign.accept"
    _description = "SMS Gateway Campaign Acceptance"

    # === INSERT ===
    @api.model
    def _insert(self, values, route):
        """Insert one campaign in one statement: a request for one message must not
        spend most of its time on its campaign.

        :param values: `CampaignValues`
        """
        columns = make_row(values, route, self.env.uid)
        uid, moment = self.env.uid, fields.Datetime.now()
        row = {
            **columns,
            "create_uid": uid,
            "create_date": moment,
            "write_uid": uid,
            "write_date": moment,
        }
        [(campaign_id,)] = self.env.execute_query(
            SQL(
                "INSERT INTO sms_gateway_campaign (%s) VALUES %s RETURNING id",
                _list_columns(tuple(row)),
                tuple(row.values()),
            )
        )
        campaign = self.env["sms.gateway.campaign"].browse(campaign_id)
        fill_cache(campaign, columns)
        return campaign

    # === REQUESTS ===
    @api.model
    def _accept(self, document, route, *, source):
        """Make a campaign of a document and store its messages.

        :param document: `controllers.api.send_request.SendRequest` or an object of its
            shape
        :param route: the route to send through
        :return: the campaign and the list of `RejectedRecipient`
        :raise RecipientsRejected: the transaction must be rolled back
        """
        clock.keep_in_step(self.env.cr)
        campaign = self._insert(self._read_document(document, route, source), route)
        composed = compose_all(document.recipients, document.texts, document.rules)
        rejected = self.env["sms.gateway.enqueue"]._enqueue(campaign, composed)
        self._check_rejected(document, rejected)
        return campaign, rejected

    def _read_document(self, document, route, source):
        is_secret = self._is_secret(document)
        texts = document.sources
        return CampaignValues(
            name=self._make_secret_name(route) if is_secret else make_title(texts.male),
            source=source,
            recipient_count=len(document.recipients),
            not_before=document.not_before,
            ttl=document.ttl or 0,
            channel=document.channel,
            category=document.category,
            text_male=None if is_secret else texts.male,
            text_female=None if is_secret else texts.female,
            text_alternative=None if is_secret else texts.alternative,
            is_debug=document.is_debug,
            is_secret=is_secret,
        )

    @api.model
    def _find_warnings(self, document, route):
        """What of a document is not used, as codes of the API.

        :param document: see `_accept`
        """
        if document.sources.alternative is None:
            return []
        # a hidden text goes by itself to all channels
        is_hidden = self._is_secret(document)
        is_used = not is_hidden and route._has_sms_behind_call(document.channel)
        return [] if is_used else ["text_alternative_unused"]

    def _is_secret(self, document):
        """Whether the request, or the key that it came with, says so."""
        return document.is_secret or bool(self.env.context.get("sms_gateway_is_secret"))

    def _make_secret_name(self, route):
        lang = route.company_id._get_sms_gateway_lang()
        return self.with_context(lang=lang).env._("One-time code")

    def _check_rejected(self, document, rejected):
        if rejected and document.is_strict:
            raise RecipientsRejected("rejected_users", rejected)
        if len({one.index for one in rejected}) == len(document.recipients):
            raise RecipientsRejected("no_valid_users", rejected)

    # === DRAFTS ===
    @api.model
    def _send(self, draft):
        """Accept a draft as it stands.

        :return: the action that notifies the user
        :raise UserError: the draft cannot be sent
        """
        draft.ensure_one()
        draft.check_access("write")
        draft._lock()
        check_is_draft(draft)
        renderer = self._make_renderer(draft)
        self._check_can_send(draft, renderer)
        self._check_time(draft)
        draft._snapshot_recipients(get_sources(draft))
        self._check_has_recipients(draft)
        self._accept_draft(draft, renderer)
        self._fold_after_commit()
        return self._notify_accepted(draft)

    @api.model
    def _send_to_records(self, records, values):
        """Accept a campaign of a server action.

        :param records: records of any model
        :param values: dict of the draft's fields, ``user_id`` included
        """
        # sudo: an automation sends for people who may not send themselves; the texts
        # are rendered with the rights of its author
        draft = self.env["sms.gateway.campaign"].sudo().create(values)
        # archived ones too: what starts an action may have archived its records
        everyone = draft.with_context(active_test=False)
        everyone._snapshot_recipients([(records._name, [("id", "in", records.ids)])])
        self._accept_draft(draft, self._make_renderer(draft))

    def _make_renderer(self, draft):
        """Make the one renderer of a send: for the checks and the first messages."""
        env = draft._make_author_env(self._get_author(draft))
        # sudo: the campaign is the gateway's; records are read as the author
        return CampaignRenderer(draft.sudo(), env)

    def _get_author(self, draft):
        """The author: the user who presses the button, or the one given by a server
        action."""
        return draft.user_id if draft.source == "action" else self.env.user

    def _accept_draft(self, draft, renderer):
        """Let the fan-out write the messages; a few are written at once."""
        draft.route_id._lock_active()
        # sudo: people decide, only the gateway moves campaigns on
        campaign = draft.sudo()
        self._write_accepted(campaign)
        if error := self._explain_route(campaign) or renderer.find_error():
            campaign.env["sms.gateway.campaign.state"]._stop(campaign, error)
            return
        # lists and fields may be gone when the messages are written
        campaign.accepted_names = sorted(renderer.get_used_names())
        self._start_fan_out(campaign, renderer)

    def _write_accepted(self, campaign):
        count = campaign._count_recipients()
        accepted = make_acceptance(count, campaign.scheduled_at)
        looks_again = accepted["state"] == "scheduled" and can_change(campaign)
        campaign.write(
            {
                **accepted,
                "moves": campaign.moves + 1,
                "user_id": self._get_author(campaign).id,
                # looking again is something to prepare, even if today finds nobody
                "unprepared_count": max(count, 1) if looks_again else count,
                "looks_again": looks_again,
                "is_temporary": False,
                "name": self._get_title(campaign),
            }
        )

    def _start_fan_out(self, campaign, renderer):
        fan_out = campaign.env["sms.gateway.fan.out"]
        if campaign.looks_again:
            fan_out._wake(campaign.scheduled_at)
            return
        fan_out._wake()
        if campaign.recipient_count <= PREPARED_WHILE_WAITING:
            fan_out._fan_out_at_once(campaign, renderer)

    def _get_title(self, draft):
        """The name that the author gave, or else to whom and when: the names of the
        lists or of the filter with the date; the beginning of the text for others."""
        text = draft.text_male or draft.text_neutral or draft.text_female
        title = draft._make_title(text)
        if draft.name not in (draft._make_title(None), title):
            return draft.name
        if not (names := _name_recipients(draft)):
            return title
        moment = draft.scheduled_at or clock.now()
        day = fields.Datetime.context_timestamp(draft, moment).date()
        shown_day = format_date(self.env, day, date_format="d MMM y")
        return f"{make_title(names)}, {shown_day}"

    # === CHECKS ===
    @api.model
    def _explain_refusal(self, draft, renderer):
        """Why the draft would not be accepted as it stands, None when it would be.

        :param draft: with its recipients, as far as they were looked for
        """
        try:
            self._check_can_send(draft, renderer)
            self._check_time(draft)
            self._check_has_recipients(draft)
        except UserError as error:
            return str(error)
        return None

    def _check_can_send(self, draft, renderer):
        self._check_route(draft)
        sources = get_text_sources(draft, None)
        if not any((sources[name] or "").strip() for name in SPOKEN_VARIANTS):
            raise UserError(self.env._("Enter a text or select a template first."))
        if error := renderer.explain_error():
            raise UserError(error)

    def _check_route(self, draft):
        if not draft.route_id:
            raise UserError(
                self.env._("Select a route: the provider account to send through.")
            )
        draft.route_id._check_sends(draft.channel)

    def _explain_route(self, campaign):
        """Why nothing can be sent through the route, None when it can."""
        try:
            self._check_route(campaign)
        except UserError as error:
            return str(error)
        return None

    def _check_time(self, draft):
        if draft.scheduled_at and draft.scheduled_at < clock.now():
            raise UserError(
                self.env._(
                    "The send time is in the past. Enter a later time, or leave it "
                    "empty to send immediately."
                )
            )

    def _check_has_recipients(self, draft):
        """Recipients may also be found when the time to send has come."""
        if draft._has_recipients() or draft.scheduled_at and can_change(draft):
            return
        if draft.recipient_source == "lists" and draft.list_ids:
            raise UserError(self.env._("Nobody belongs to the selected lists."))
        if draft.recipient_source == "filter":
            raise UserError(self.env._("Nobody matches the filter."))
        raise UserError(
            self.env._("There are no recipients. Select a list, a filter or records.")
        )

    # === TESTS ===
    @api.model
    def _send_test(self, campaign, changes, position):
        """Send the text of one recipient to the test numbers.

        :param changes: dict of fields that are not saved yet
        :param position: which recipient, as of `_preview`
        """
        campaign.check_access("write")
        check_is_draft(campaign)
        preview = self.env["sms.gateway.campaign.preview"]
        draft = preview._make_draft(campaign, changes)
        return self._test(draft, preview._find_recipient(campaign, position))

    @api.model
    def _test(self, draft, recipient):
        """Send a text to the test numbers, or to none of them if one is invalid.

        :param draft: record of a campaign, which need not be stored
        :param recipient: `sms.gateway.recipient` whose text is sent; if empty, the
            text is filled with the author's own data
        """
        renderer = CampaignRenderer(draft, self.env)
        self._check_can_send(draft, renderer)
        composed = [
            self._compose_test(renderer, recipient, index, phone)
            for index, phone in enumerate(self._read_test_numbers(draft))
        ]
        self._enqueue_test(draft, composed, renderer)
        return make_notification(
            self.env._(
                "The test is sent to %(phone)s only.",
                phone=", ".join(one.msisdn for one in composed),
            ),
        )

    def _read_test_numbers(self, draft):
        """The test numbers of a draft as they were entered, each once."""
        company = draft.company_id or draft.route_id.company_id
        entered = _BETWEEN_NUMBERS.split(draft.test_phone or "")
        # two spellings of a number are one number
        numbers = {
            read_phone(phone.strip(), company).number or phone.strip(): phone.strip()
            for phone in entered
            if phone.strip()
        }
        if not numbers:
            raise UserError(
                self.env._(
                    "Enter the test number first. The test is sent to this number only."
                )
            )
        if len(numbers) > MAX_TEST_NUMBERS:
            raise UserError(
                self.env._(
                    "A test goes to %(most)s numbers at most.", most=MAX_TEST_NUMBERS
                )
            )
        return list(numbers.values())

    def _compose_test(self, renderer, recipient, index, phone):
        composed = renderer.compose_test(recipient, index, phone)
        if composed.problems:
            raise UserError(self._explain_test(phone, composed.problems[0]))
        return composed

    def _explain_test(self, phone, problem):
        """Why no test is sent to a number. It was entered here, not on a contact."""
        explanation = explain_problem(self.env, problem)
        if problem.field != "phone":
            return self.env._(
                "Test number %(phone)s: %(problem)s", phone=phone, problem=explanation
            )
        return self.env._(
            "Test number %(phone)s: %(problem)s Correct it in “Test numbers”, with +"
            " and the country code.",
            phone=phone,
            problem=explanation.text,
        )

    def _enqueue_test(self, draft, composed, renderer):
        # sudo: people may send, only the gateway writes campaigns that are under way
        gateway = self.sudo()
        values = self._make_test_values(draft, len(composed))
        test = gateway._insert(values, draft.route_id)
        ready = gateway.env["sms.gateway.link"]._issue(test, composed, renderer.links)
        gateway.env["sms.gateway.enqueue"]._enqueue(test, ready)

    def _make_test_values(self, draft, count):
        return CampaignValues(
            name=self.env._("Test: %(campaign)s", campaign=self._get_title(draft)),
            source="person",
            recipient_count=count,
            channel=draft.channel,
            category=draft.category or None,
            text_male=draft.text_male or None,
            text_female=draft.text_female or None,
            text_neutral=draft.text_neutral or None,
            text_alternative=draft.text_alternative or None,
            has_short_links=draft.has_short_links,
            is_debug=draft.is_debug,
            is_test=True,
        )

    # === AFTERWARDS ===
    def _fold_after_commit(self):
        """Count the messages after the commit, so that the next view shows them."""
        registry = self.env.registry

        def fold():
            with registry.cursor() as cr:
                # the counters are the gateway's
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                env["sms.gateway.statistic.change"]._fold_apart()

        self.env.cr.postcommit.add(fold)

    def _notify_accepted(self, campaign):
        """Make a notification with a link to the campaign."""
        served = self._count_served(campaign)
        message = self._describe_accepted(campaign, served)
        if campaign.state == "scheduled":
            message = self.env._(
                "Scheduled for %(moment)s. %(message)s",
                moment=say_moment(self.env, campaign.scheduled_at),
                message=message,
            )
        return make_notification(
            message,
            "success" if served or campaign.looks_again else "warning",
            links=[{"label": campaign.name, "url": f"/odoo/sms-gateway/{campaign.id}"}],
            next=CLOSE,
        )

    def _describe_accepted(self, campaign, served):
        """How many get it; the web client puts the link in the place of %s."""
        if campaign.looks_again:
            return self.env._(
                "Campaign accepted. Recipients: about %(count)s; filters and mailing "
                "lists are evaluated again at the send time. %%s",
                count=served,
            )
        if served == campaign.recipient_count:
            return self.env._(
                "Campaign accepted. Recipients: %(count)s. %%s", count=served
            )
        return self.env._(
            "Campaign accepted. Recipients: %(served)s of %(count)s. %%s",
            served=served,
            count=campaign.recipient_count,
        )

    def _count_served(self, campaign):
        """Recipients who get a message; those not prepared yet may get one."""
        totals = campaign._get_totals()
        return campaign.recipient_count - totals["failed"] - totals["cancelled"]
