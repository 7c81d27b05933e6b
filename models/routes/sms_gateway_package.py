"""Packages: SMS parts that were paid for in advance."""

from datetime import timedelta
from math import ceil

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.pg_array import to_array
from ...tools.prices import Package
from ..common.amounts import as_decimal, format_price
from ..sending.selections import CATEGORIES, CHANNELS

#: The forecast goes by what was used in so many days.
FORECAST_DAYS = 7


def units_of(alias):
    """What a row with a message's columns takes of a package.

    :rtype: SQL
    """
    row = {name: SQL.identifier(alias, name) for name in ("channel", "segments")}
    return SQL("CASE %(channel)s WHEN 'voice' THEN 1 ELSE %(segments)s END", **row)


class SmsGatewayPackage(models.Model):
    """A package of a route: the parts within it cost what the package says, those
    beyond it the ordinary price.

    Who accepts messages appends what they use, who ends them unsent what they give
    back; the counts are folded into the package later, so that nobody waits for its
    row. Messages that are accepted before the next fold may take more than there is.
    """

    _name = "sms.gateway.package"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Package"
    _order = "starts_on DESC, id DESC"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", index=True
    )
    channel = fields.Selection(CHANNELS, required=True, default="sms")
    operator_id = fields.Many2one(
        "sms.gateway.operator",
        ondelete="restrict",
        index="btree_not_null",
        help="Only numbers of this operator use the package. Empty = any operator.",
    )
    category = fields.Selection(
        CATEGORIES,
        help="Only messages of this category use the package. Empty = any category.",
    )
    size = fields.Integer(
        required=True, help="Number of SMS parts or voice calls in the package."
    )
    price = fields.Float(
        "Price within package",
        digits=(16, 6),
        min_display_digits=2,
        help="Price of one SMS part or one voice call within the package; usually 0.",
    )
    currency_id = fields.Many2one(related="route_id.company_id.currency_id")
    starts_on = fields.Date(
        "Starts on", required=True, default=fields.Date.context_today
    )
    ends_on = fields.Date("Ends on", help="Last day of the package. Empty = no end.")
    used = fields.Integer(readonly=True, copy=False)
    left = fields.Integer(compute="_compute_left")
    used_up_on = fields.Date(
        "Used up on",
        compute="_compute_used_up_on",
        help="The day when the package is used up if it is used as in the last seven"
        " days. Empty = not before its end.",
    )

    _size_positive = models.Constraint(
        "CHECK (size > 0)", "The size of a package must be at least 1."
    )
    _price_positive = models.Constraint(
        "CHECK (price >= 0)", "The price cannot be negative."
    )
    _days_ordered = models.Constraint(
        "CHECK (ends_on IS NULL OR starts_on <= ends_on)",
        "A package cannot end before it starts.",
    )

    # === COMPUTES ===
    @api.depends("size", "used")
    def _compute_left(self):
        for package in self:
            package.left = max(package.size - package.used, 0)

    @api.depends("size", "used", "ends_on")
    def _compute_used_up_on(self):
        today = fields.Date.context_today(self)
        recent = self._read_recent(today)
        for package in self:
            per_day = recent.get(package._origin.id, 0) / FORECAST_DAYS
            days = ceil(package.left / per_day) if per_day else None
            # beyond what a date can be, and never is the same for people
            is_soon = days is not None and days < 36_500
            day = is_soon and today + timedelta(days=days)
            is_within = day and not (package.ends_on and day > package.ends_on)
            package.used_up_on = is_within and day

    def _read_recent(self, today):
        """:return: dict of package → parts used in the last days"""
        # sudo: only the gateway itself reads what was used
        uses = self.env["sms.gateway.package.use"].sudo()
        since = today - timedelta(days=FORECAST_DAYS)
        groups = uses._read_group(
            [("package_id", "in", self.ids), ("day", ">", since)],
            ["package_id"],
            ["segments:sum"],
        )
        return {package.id: segments for package, segments in groups}

    @api.onchange("price")
    def _onchange_price(self):
        """Warn of a price above every ordinary one: it is probably that of the whole
        package."""
        ordinary = self.route_id.price_ids.filtered(
            lambda price: price.channel == self.channel
        ).mapped("price")
        if not ordinary or self.price <= max(ordinary):
            return None
        return {
            "warning": {
                "title": self.env._("Check the price within the package"),
                "message": self.env._(
                    "%(price)s for one SMS part or voice call is above the ordinary"
                    " price of this route (%(ordinary)s). Enter the price of one part,"
                    " not the price of the package. If the package is paid for in"
                    " advance, enter 0.",
                    price=self._format(self.price),
                    ordinary=self._format(max(ordinary)),
                ),
            }
        }

    def _format(self, price):
        return format_price(self.env, as_decimal(price), self.currency_id)

    # === BUSINESS METHODS ===
    @api.model
    def _find_open(self, route, channel, category, day):
        """The packages that messages accepted on a day can use.

        :return: list of `tools.prices.Package`
        """
        # sudo: who may send may know what it costs, only administrators see packages
        packages = self.sudo().search(
            [
                ("route_id", "=", route.id),
                ("channel", "=", channel),
                ("category", "in", [False, category]),
                ("starts_on", "<=", day),
                "|",
                ("ends_on", "=", False),
                ("ends_on", ">=", day),
            ]
        )
        return [package._export_package() for package in packages if package.left]

    def _export_package(self):
        return Package(
            id=self.id,
            price=as_decimal(self.price),
            operator_id=self.operator_id.id or None,
            is_of_category=bool(self.category),
            ends_on=self.ends_on or None,
        )

    @api.model
    def _read_left(self, package_ids):
        """What is left of packages as of the last fold.

        :return: dict of package → parts
        """
        query = SQL(
            "SELECT id, GREATEST(size - COALESCE(used, 0), 0)"
            " FROM sms_gateway_package WHERE id = ANY(%s)",
            list(package_ids),
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _use(self, segments, day):
        """Count what an accept used, in one statement that waits for nobody.

        :param segments: dict of package → parts
        :param day: of the accept, where the company is
        """
        used = [(package_id, count, day) for package_id, count in segments.items()]
        if used:
            self.env.cr.execute_values(
                "INSERT INTO sms_gateway_package_use (package_id, segments, day)"
                " VALUES %s",
                used,
            )

    @api.model
    def _give_back(self, messages, *, states=("failed", "expired", "cancelled")):
        """Count for no package what was never taken by a provider, as costs are.

        :param messages: SQL condition of messages ``m`` in one of the states
        """
        self._count_untaken(-1, states, messages)

    @api.model
    def _give_back_queued(self, campaign):
        """The same of a campaign's messages that wait; the others have given theirs
        back when they ended."""
        self._give_back(SQL("m.campaign_id = %s", campaign.id), states=("queued",))

    @api.model
    def _give_back_of(self, message_ids):
        """The same of these messages, as far as they have ended."""
        if message_ids:
            self._give_back(SQL("m.id = ANY(%s::int[])", to_array(message_ids)))

    @api.model
    def _take_again(self, message_ids):
        """Count what had ended unsent and was delivered after all."""
        if message_ids:
            condition = SQL("m.id = ANY(%s::int[])", to_array(message_ids))
            self._count_untaken(1, ("delivered",), condition)

    def _count_untaken(self, sign, states, messages):
        """Count messages for which no provider ever gave an acceptance.

        :param sign: 1 for what they use, -1 for what they give back
        :param messages: SQL condition of messages ``m`` in one of the states
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_package_use (package_id, segments, day)
                SELECT p.id, %s * sum(%s), COALESCE(m.day, m.accepted_at::date)
                  FROM sms_gateway_message m
                  JOIN sms_gateway_package p ON p.id = m.package_id
                 WHERE m.state IN %s AND m.submitted_at IS NULL AND %s
              GROUP BY 1, 3
                """,
                sign,
                units_of("m"),
                states,
                messages,
            )
        )

    @api.model
    def _fold(self):
        """Add what was used to the packages. Price lists are made anew where a package
        is used up, or is not any more."""
        touched = self.env["sms.gateway.package.use"]._fold()
        if not touched:
            return
        before = self._read_left(touched)
        self.env.cr.execute(
            """
            UPDATE sms_gateway_package p
               SET used = (SELECT sum(segments) FROM sms_gateway_package_use
                            WHERE package_id = p.id AND is_folded)
             WHERE id = ANY(%s)
            """,
            [touched],
        )
        self.invalidate_model(["used", "left", "used_up_on"], flush=False)
        after = self._read_left(touched)
        if any(bool(before[one]) != bool(after[one]) for one in after):
            self._forget_cached()


class SmsGatewayPackageUse(models.Model):
    """What was used of a package: rows that accepts appended, and their sums by day."""

    _name = "sms.gateway.package.use"
    _description = "SMS Gateway Package Use"
    _log_access = False

    package_id = fields.Many2one(
        "sms.gateway.package", required=True, ondelete="cascade"
    )
    day = fields.Date(required=True)
    segments = fields.Integer("SMS parts", required=True)
    is_folded = fields.Boolean()

    _sum_unique = models.UniqueIndex("(package_id, day) WHERE is_folded")

    @api.model
    def _fold(self):
        """Put the sums of days in place of appended rows.

        :return: list of the packages whose sums changed
        """
        self.flush_model()
        self.env.cr.execute(
            """
            WITH appended AS (
                DELETE FROM sms_gateway_package_use WHERE is_folded IS NOT TRUE
                RETURNING package_id, day, segments
            )
            INSERT INTO sms_gateway_package_use AS known
                   (package_id, day, segments, is_folded)
            SELECT package_id, day, sum(segments), TRUE
              FROM appended GROUP BY package_id, day
                ON CONFLICT (package_id, day) WHERE is_folded
                DO UPDATE SET segments = known.segments + EXCLUDED.segments
            RETURNING package_id
            """
        )
        return list({package_id for (package_id,) in self.env.cr.fetchall()})
