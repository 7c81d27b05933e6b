from . import test_action_menu
from . import test_odoo_sms
