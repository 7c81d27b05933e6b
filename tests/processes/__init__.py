from . import test_crash_verdict, test_dispatcher_processes
