from . import test_figures
from . import test_loopback
from . import test_profiles
