from . import test_breaker
from . import test_throttling
