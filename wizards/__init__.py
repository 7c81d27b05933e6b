from . import sms_gateway_hold_wizard
from .importing import sms_gateway_import
from .importing import sms_gateway_import_sheet
from .importing import sms_gateway_import_column
from .importing import sms_gateway_import_problem
from . import sms_gateway_key_wizard
from . import sms_gateway_list_add
from . import sms_composer
