-- A copy of a database must not send: routes stop, their secrets and addresses go.
UPDATE sms_gateway_route
   SET state = 'paused', pause_reason = 'Neutralised copy of a database',
       lacks_settings = FALSE,
       webhook_token = md5(random()::text || id::text);
UPDATE sms_gateway_route_setting SET secret_value = NULL;
DELETE FROM res_users_apikeys WHERE scope = 'crm_sms_gateway';
-- Links and webhooks of the copy lead to the copy.
DELETE FROM ir_config_parameter WHERE key = 'crm_sms_gateway.public_address';
