from . import (
    test_cascade,
    test_earlier_routes,
    test_failover,
    test_policy,
    test_properties,
    test_route_breaker,
    test_succession,
    test_throttling,
    test_watcher,
)
