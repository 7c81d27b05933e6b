from . import sms_gateway_key_wizard
