from . import (
    test_clicks,
    test_crash_verdict,
    test_dispatcher_processes,
    test_link_clicks,
    test_native_processes,
    test_preparer_processes,
)
