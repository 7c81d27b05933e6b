from . import test_delivery_report
from . import test_dispatcher
from . import test_message_enqueue
from . import test_message_states
from . import test_reconcile
from . import test_route
from . import test_security
from . import test_statistic
