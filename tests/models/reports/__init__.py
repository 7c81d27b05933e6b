from . import test_delivery_report
from . import test_inbound
from . import test_push
from . import test_reconcile
