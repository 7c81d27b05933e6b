from . import sms_gateway_hold_wizard
from . import sms_gateway_import
from . import sms_gateway_key_wizard
from . import sms_gateway_list_add
from . import sms_composer
