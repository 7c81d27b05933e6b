from . import test_health
from . import test_hold
from . import test_retention
from . import test_waiting
