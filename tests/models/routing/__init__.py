from . import (
    test_cascade,
    test_earlier_routes,
    test_failover,
    test_journey,
    test_policy,
    test_policy_form,
    test_reach,
    test_succession,
)
