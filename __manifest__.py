{
    "name": "CRM SMS Gateway",
    "summary": "Personal SMS and voice messages from a CRM and over a JSON API:"
    " never twice, never lost",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "license": "LGPL-3",
    "author": "CRM SMS Gateway maintainers",
    "depends": ["crm", "contacts", "sms"],
    "external_dependencies": {"python": ["requests", "phonenumbers", "jinja2"]},
    "data": [
        "security/sms_gateway_groups.xml",
        "security/ir.model.access.csv",
        "security/sms_gateway_rules.xml",
        "data/ir_cron_data.xml",
    ],
    "demo": [],
    "application": True,
}
