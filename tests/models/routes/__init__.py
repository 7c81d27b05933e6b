from . import test_address_trouble
from . import test_price
from . import test_route
