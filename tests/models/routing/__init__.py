from . import test_route_breaker
from . import test_throttling
