from . import (
    test_cascade,
    test_earlier_routes,
    test_failover,
    test_journey,
    test_policy,
    test_policy_form,
    test_reach,
    test_properties,
    test_route_breaker,
    test_succession,
    test_throttling,
    test_watcher,
)
