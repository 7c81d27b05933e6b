from . import (
    test_backoff,
    test_compose,
    test_lint,
    test_msisdn,
    test_people_table,
    test_person_name,
    test_prices,
    test_segments,
    test_sentences,
    test_table,
    test_template,
    test_transliteration,
)
