from . import test_odoo_sms
