from . import test_readable
from . import test_security
