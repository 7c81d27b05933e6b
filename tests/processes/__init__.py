from . import (
    test_archive,
    test_breaker_processes,
    test_clicks,
    test_crash_verdict,
    test_dispatcher_processes,
    test_hold_processes,
    test_kannel_processes,
    test_lost_commit,
    test_link_clicks,
    test_native_processes,
    test_outage,
    test_preparer_processes,
)
