from . import test_accessibility
from . import test_conventions
from . import test_live_views
from . import test_native_tours
from . import test_people_tours
from . import test_routing_tours
from . import test_tour
from . import test_views
