"""The gateway's settings, read in one place."""

import contextlib
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo import api, models, tools
from odoo.tools import str2bool

from ...tools.hosts import read_host

PREFIX = "crm_sms_gateway."
#: What the parameters are where nobody changed them.
DEFAULTS = {
    "access_policy": "trusted_networks",
    "trusted_networks": (
        "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7"
    ),
    "host_names": "",
    "is_stopped": "False",
    "holds_after_failover": "True",
    "time_zone": "Europe/Moscow",
    "lanes": 1,
    "max_recipients": 50_000,
    "max_body_mib": 32,
    "max_segments": 10,
    "max_speech": 4000,
    "public_address": "",
    "retention_days": 0,
    "retention_covers_odoo": "False",
}
MAX_LANES = 8
MAX_RETENTION_DAYS = 100 * 365


def parse_networks(text):
    """Read a list of networks separated by commas or white space.

    :raise ValueError: with the entry that is not a network
    """
    return tuple(
        ipaddress.ip_network(entry, strict=False)
        for entry in (text or "").replace(",", " ").split()
    )


@dataclass(frozen=True)
class GatewaySettings:
    """Values of the settings page; limits in messages, bytes and characters."""

    access_policy: str
    trusted_networks: tuple
    host_names: frozenset
    is_stopped: bool
    holds_after_failover: bool
    time_zone: str
    lanes: int
    max_recipients: int
    max_body_bytes: int
    max_segments: int
    max_speech: int
    public_address: str
    retention_days: int
    retention_covers_odoo: bool


class SmsGatewaySettings(models.AbstractModel):
    """Reads the system parameters of the gateway as one typed value.

    A value that somebody broke by hand falls back to its default, to the safe side:
    sending must not stop because a number was mistyped in a technical screen.
    """

    _name = "sms.gateway.settings"
    _description = "SMS Gateway Settings"

    @api.model
    @tools.ormcache(cache="stable")
    def _get(self):
        """The settings; whoever changes a system parameter clears the cache.

        :rtype: GatewaySettings
        """
        # sudo: everybody who uses the gateway reads its settings, few write them
        return self.sudo()._read_all()

    def _read_all(self):
        return GatewaySettings(
            access_policy=self._param("access_policy"),
            trusted_networks=self._networks(),
            host_names=self._host_names(),
            is_stopped=str2bool(self._param("is_stopped"), False),
            holds_after_failover=str2bool(self._param("holds_after_failover"), True),
            time_zone=self._time_zone(),
            lanes=min(self._number("lanes"), MAX_LANES),
            max_recipients=self._number("max_recipients"),
            max_body_bytes=self._number("max_body_mib") * 1024 * 1024,
            max_segments=self._number("max_segments"),
            max_speech=self._number("max_speech"),
            public_address=self._param("public_address") or "",
            retention_days=min(
                self._number("retention_days", minimum=0), MAX_RETENTION_DAYS
            ),
            retention_covers_odoo=str2bool(self._param("retention_covers_odoo"), False),
        )

    def _param(self, name):
        parameters = self.env["ir.config_parameter"]
        return parameters.get_param(PREFIX + name, DEFAULTS[name])

    def _number(self, name, *, minimum=1):
        try:
            return max(int(self._param(name)), minimum)
        except ValueError:
            return DEFAULTS[name]

    def _time_zone(self):
        return self._find_zone(self._param("time_zone")) or DEFAULTS["time_zone"]

    @api.model
    def _find_zone(self, name):
        """:return: the name of a time zone that there is, or None"""
        try:
            return ZoneInfo(name or "").key
        except (ValueError, OSError, ZoneInfoNotFoundError):
            return None

    def _host_names(self):
        """Names of this server; that of Odoo's own address is one."""
        names = self._param("host_names").replace(",", " ").split()
        base_url = self.env["ir.config_parameter"].get_param("web.base.url") or ""
        with contextlib.suppress(ValueError):
            names.append(urlsplit(base_url).hostname or "")
        return frozenset(map(read_host, names))

    def _networks(self):
        try:
            return parse_networks(self._param("trusted_networks"))
        except ValueError:
            return ()
