"""What of Odoo's own tests has to run."""

#: module → the tests that Odoo's own runner runs of it
SUITES = {
    "sms": 7,
    "sms_twilio": 9,
    "mass_mailing_sms": 7,
    "crm_sms": 1,
    "calendar_sms": 2,
    "event_sms": 2,
    "project_sms": 2,
    "phone_validation": 16,
    "link_tracker": 16,
    "utm": 12,
    "test_mail_sms": 114,
    "test_mass_mailing": 69,
    "test_mail_full": 61,
}
