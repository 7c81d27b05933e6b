from . import test_number_range
from . import test_operator
from . import test_ported_number
