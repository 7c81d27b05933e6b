from . import test_dispatcher_processes
