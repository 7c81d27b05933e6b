from . import test_dispatcher
