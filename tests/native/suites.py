"""What of Odoo's own tests has to run, and which of them the gateway is exempt from."""

#: module → the tests that Odoo's own runner runs of it, and those of them that run once
#: more through the gateway: what can follow SMS
SUITES = {
    "sms": (7, 2),
    "sms_twilio": (9, 9),
    "mass_mailing_sms": (7, 6),
    "crm_sms": (1, 0),
    "calendar_sms": (2, 2),
    "event_sms": (2, 2),
    "project_sms": (2, 2),
    "phone_validation": (16, 0),
    "link_tracker": (16, 0),
    "utm": (12, 0),
    "test_mail_sms": (114, 110),
    "test_mass_mailing": (69, 67),
    "test_mail_full": (53, 14),
}
#: Eight tours of portal pages in a browser: a minute, and no SMS in any of them.
LEFT_OUT = "test_mail_full.TestUIPortal."

QUERIES = "counts Odoo's own statements exactly"
CREDIT = "Odoo's service lacks credits: ours never says so, the banner sells Odoo's"
ACCOUNT = "Odoo's service knows no account: ours never says so, the banner sells Odoo's"
MODERATED = 'Odoo\'s service moderates ("processing"): ours answers "success"'
AT_ONCE = "Odoo's service refuses within the call: our provider does so afterwards"
TWILIO = "Twilio refuses within the call, in its own words: it is not asked"
CALLS = "counts the calls of Twilio and of Odoo's service: neither is asked"

_POST = "test_mail_sms.TestSMSPost"
_PERFORMANCE = "test_mail_sms.TestSMSPerformance"
_MARKETING = "test_mass_mailing"

#: test → why it fails through the gateway, and has to
EXEMPT = {
    f"{_PERFORMANCE}.test_message_sms_record_10_partners": QUERIES,
    f"{_PERFORMANCE}.test_message_sms_record_1_partner": QUERIES,
    f"{_PERFORMANCE}.test_message_sms_record_default": QUERIES,
    f"{_POST}Exception.test_message_sms_crash_credit": CREDIT,
    f"{_POST}Exception.test_message_sms_crash_credit_single": CREDIT,
    f"{_POST}Exception.test_message_sms_crash_unregistered": ACCOUNT,
    f"{_POST}Exception.test_message_sms_crash_unregistered_single": ACCOUNT,
    f"{_POST}.test_sms_send_to_process": MODERATED,
    f"{_POST}.test_sms_send_delete_all": AT_ONCE,
    f"{_POST}.test_sms_send_delete_failed": AT_ONCE,
    f"{_POST}.test_sms_send_raise": AT_ONCE,
    f"{_MARKETING}.TestMassSMSInternals.test_mass_sms_processing_with_force_send": (
        MODERATED
    ),
    f"{_MARKETING}.TestSmsController.test_webhook_update_traces_process_to_pending": (
        MODERATED
    ),
    f"{_MARKETING}.TestMassSMSTwilio.test_mass_sms_twilio_issue": TWILIO,
    f"{_MARKETING}.TestMailingSMSTest.test_mass_sms_test_button_twilio": TWILIO,
    "sms_twilio.TestSmsTwilio.test_send_sms_composer_number": TWILIO,
    "sms_twilio.TestSmsTwilio.test_send_sms_composer_partner": TWILIO,
    "sms_twilio.TestSmsTwilio.test_send_with_multi_company": CALLS,
    "sms_twilio.TestSmsTwilio.test_manage_action_send_test": TWILIO,
}
