from . import test_address_trouble
from . import test_price
from . import test_provider_request
from . import test_route
from . import test_route_pause
from . import test_route_secrets
from . import test_route_settings
from . import test_route_usage
