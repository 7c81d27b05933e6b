"""What people read who are no managers: what they or their sales team sent, and what
went to records that they read."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: As with leads: who has it reads everybody's campaigns.
ALL_DOCUMENTS = "sales_team.group_sale_salesman_all_leads"
#: Recipients that are nobody's record: a list is there for every user of the gateway.
NO_RECORDS = ("sms.gateway.list.member",)


class SmsGatewayReadable(models.AbstractModel):
    """Adds whether the user may read a row, for the record rules of the lowest group.

    The conditions are correlated subqueries, which ``OFFSET 0`` keeps PostgreSQL from
    evaluating for all rows at once: a page of a list asks for its own rows only.
    """

    _name = "sms.gateway.readable"
    _description = "SMS Gateway Read Access"

    may_read = fields.Boolean(compute="_compute_may_read", search="_search_may_read")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_may_read(self):
        self.flush_recordset()
        found = self.env.execute_query(
            SQL(
                "SELECT id FROM %s AS one WHERE id = ANY(%s) AND %s",
                SQL.identifier(self._table),
                list(self._origin.ids),
                self._make_condition("one"),
            )
        )
        ids = {row_id for (row_id,) in found}
        for record in self:
            record.may_read = record._origin.id in ids

    @api.model
    def _search_may_read(self, operator, value):
        if operator != "in":
            return NotImplemented
        readable = Domain.custom(
            to_sql=lambda model, alias, _query: model._make_condition(alias)
        )
        return Domain.OR(readable if wanted else ~readable for wanted in value)

    def _make_condition(self, alias):
        if self.env.user.has_group("crm_sms_gateway.group_manager"):
            return SQL("TRUE")
        return self._make_readable(alias)

    def _make_readable(self, alias):
        """Hook: the condition of the rows that a user of the lowest group may read.

        Rules are evaluated as superuser: the user is the environment's all the same.

        :rtype: SQL
        """
        raise NotImplementedError

    # === CAMPAIGNS ===
    def _make_own(self, alias):
        """The condition of the user's own campaigns. What a client of the API sent is
        nobody's own, whoever's key it used."""
        self._flush_campaigns()
        return SQL(
            "%s <> 'api' AND %s = %s",
            SQL.identifier(alias, "source"),
            SQL.identifier(alias, "user_id"),
            self.env.uid,
        )

    def _make_shared(self, alias):
        """The condition of the campaigns of the user and their team, or of all."""
        self._flush_campaigns()
        by_people = SQL("%s <> 'api'", SQL.identifier(alias, "source"))
        if self.env.user.has_group(ALL_DOCUMENTS):
            return by_people
        return SQL(
            "%s AND %s = ANY(%s)",
            by_people,
            SQL.identifier(alias, "user_id"),
            self._find_team(),
        )

    def _flush_campaigns(self):
        self.env["sms.gateway.campaign"].flush_model(["source", "user_id", "state"])

    def _find_team(self):
        """:return: ids of the user and of the members of the teams that they are in
        or lead"""
        # sudo: who is in whose team is no secret to the team
        teams = self.env["crm.team"].sudo()
        user = self.env.user
        mine = teams.search(
            ["|", ("user_id", "=", user.id), ("member_ids", "in", user.ids)]
        )
        return (user | mine.user_id | mine.member_ids).ids

    def _make_of_campaign(self, alias, make):
        """The condition of rows of campaigns.

        :param make: `_make_own` or `_make_shared`
        """
        return SQL(
            """EXISTS (SELECT FROM sms_gateway_campaign own
                        WHERE own.id = %s AND %s OFFSET 0)""",
            SQL.identifier(alias, "campaign_id"),
            make("own"),
        )

    # === RECORDS ===
    def _make_of_records(self, alias):
        """The condition of the recipients whose record the user may read."""
        return SQL(" OR ").join(
            [
                SQL(
                    """(%s = %s AND EXISTS (
                        SELECT FROM (%s) AS found(id) WHERE found.id = %s OFFSET 0))""",
                    SQL.identifier(alias, "res_model"),
                    model_name,
                    query.select(),
                    SQL.identifier(alias, "res_id"),
                )
                for model_name, query in self._find_readable_records()
            ]
            or [SQL("FALSE")]
        )

    def _find_readable_records(self):
        """Yield (model name, query of what the user reads) of every model that
        messages went to."""
        env = self.with_context(active_test=False).env(su=False)
        for model_name in self._find_models():
            if model_name in env and model_name not in NO_RECORDS:
                records = env[model_name]
                if records._auto and records.has_access("read"):
                    query = records._search([])
                    if not query.is_empty():
                        yield model_name, query

    def _find_models(self):
        """The models in the table of recipients, by jumps from one to the next in its
        index."""
        rows = self.env.execute_query(
            SQL(
                """
WITH RECURSIVE known AS (
    (SELECT res_model FROM sms_gateway_recipient ORDER BY res_model LIMIT 1)
     UNION ALL
    SELECT (SELECT r.res_model FROM sms_gateway_recipient r
             WHERE r.res_model > known.res_model ORDER BY r.res_model LIMIT 1)
      FROM known WHERE known.res_model IS NOT NULL
)
SELECT res_model FROM known WHERE res_model IS NOT NULL
                """
            )
        )
        return [model_name for (model_name,) in rows]
