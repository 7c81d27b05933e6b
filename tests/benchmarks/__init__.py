from . import test_against
from . import test_figures
from . import test_generate
from . import test_loopback
from . import test_pairs
from . import test_profiles
from . import test_web
