-- A copy of a database must not send: routes stop, their secrets and addresses go, and
-- nobody is asked about messages of the original, nor for those that people write to it:
-- some providers give them once.
UPDATE sms_gateway_route
   SET state = 'paused', pause_reason = 'Neutralised copy of a database',
       lacks_settings = FALSE, fetches_inbound = FALSE,
       webhook_token = replace(gen_random_uuid()::text, '-', '');
UPDATE sms_gateway_route_setting SET secret_value = NULL;
DELETE FROM res_users_apikeys WHERE scope = 'crm_sms_gateway';
UPDATE sms_gateway_message SET next_poll_at = NULL
 WHERE state = 'submitted' AND next_poll_at IS NOT NULL;
UPDATE sms_gateway_message SET next_check_at = NULL
 WHERE state = 'unknown' AND next_check_at IS NOT NULL;
UPDATE sms_gateway_provider_request SET state = 'failed', error = 'Neutralised copy of a database'
 WHERE state = 'pending';
DELETE FROM sms_gateway_resend_job;
-- Links and webhooks of the copy lead to the copy.
DELETE FROM ir_config_parameter WHERE key = 'crm_sms_gateway.public_address';
