"""Makes warnings of the routes that are paused, with the activities they have."""


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    cr.execute(
        """
        INSERT INTO sms_gateway_watch
               (route_id, kind, code, params, since, told_at, activity_id)
        SELECT r.id, 'route_down', 'route_down.paused',
               jsonb_build_object('reason', r.pause_reason), r.write_date,
               r.write_date,
               (SELECT max(a.id) FROM mail_activity a
                 WHERE a.res_model = 'sms.gateway.route' AND a.res_id = r.id
                   AND a.active AND a.automated)
          FROM sms_gateway_route r
         WHERE r.active AND r.state = 'paused'
           AND r.pause_reason <> 'Paused manually'
            ON CONFLICT DO NOTHING
        """
    )
