from . import test_watcher
