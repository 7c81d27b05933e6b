"""Tokens that providers give for a login."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import NotSent
from odoo.addons.crm_sms_gateway.providers.tokens import TokenStore


class TestTokenStore(BaseCase):
    def setUp(self):
        super().setUp()
        self.store = TokenStore(lifetime=60)
        self.logins = 0

    def log_in(self):
        self.logins += 1
        return f"token {self.logins}"

    def test_token_is_asked_for_once(self):
        tokens = [self.store.get("account", self.log_in) for _ in range(3)]
        self.assertEqual(tokens, ["token 1"] * 3)

    def test_accounts_have_their_own(self):
        self.assertEqual(self.store.get("one", self.log_in), "token 1")
        self.assertEqual(self.store.get("other", self.log_in), "token 2")

    def test_refused_token_is_forgotten(self):
        token = self.store.get("account", self.log_in)
        self.store.drop("account", token)
        self.assertEqual(self.store.get("account", self.log_in), "token 2")

    def test_new_token_of_another_thread_is_kept(self):
        old = self.store.get("account", self.log_in)
        self.store.drop("account", old)
        new = self.store.get("account", self.log_in)
        self.store.drop("account", old)
        self.assertEqual(self.store.get("account", self.log_in), new)

    def test_token_expires(self):
        store = TokenStore(lifetime=0)
        self.assertEqual(store.get("account", self.log_in), "token 1")
        self.assertEqual(store.get("account", self.log_in), "token 2")

    def test_failed_login_leaves_nothing_behind(self):
        def fail():
            raise NotSent("no connection")

        for _ in range(2):
            with self.assertRaises(NotSent):
                self.store.get("account", fail)
        self.assertEqual(self.store.get("account", self.log_in), "token 1")

    def test_who_waited_for_a_failed_login_does_not_try_again(self):
        class CountingLock:
            """Knows how many wait for it."""

            def __init__(self):
                self.lock = threading.Lock()
                self.comers = Counter()
                self.all_there = threading.Event()

            def __enter__(self):
                self.comers[threading.get_ident()] += 1
                if len(self.comers) == 6:
                    self.all_there.set()
                self.lock.acquire()

            def __exit__(self, *_exception):
                self.lock.release()

        lock = CountingLock()
        self.store._get_slot("account").lock = lock

        def fail_slowly():
            self.logins += 1
            lock.all_there.wait(10)
            raise NotSent("no connection", retry_after=7)

        with ThreadPoolExecutor(6) as pool:
            waiting = [
                pool.submit(self.store.get, "account", fail_slowly) for _ in range(6)
            ]
            errors = [one.exception(10) for one in waiting]
        self.assertEqual(self.logins, 1)
        told = {(type(error), error.message, error.retry_after) for error in errors}
        self.assertEqual(told, {(NotSent, "no connection", 7)})
        self.assertEqual(len({id(error) for error in errors}), 6)
        self.assertEqual(self.store.get("account", self.log_in), "token 2")

    def test_threads_log_in_once_and_do_not_hold_up_other_accounts(self):
        started, may_end = threading.Event(), threading.Event()

        def log_in_slowly():
            started.set()
            may_end.wait(10)
            return self.log_in()

        with ThreadPoolExecutor(8) as pool:
            waiting = [
                pool.submit(self.store.get, "account", log_in_slowly) for _ in range(7)
            ]
            started.wait(10)
            other = pool.submit(self.store.get, "other", lambda: "another token")
            self.assertEqual(other.result(10), "another token")
            may_end.set()
            tokens = {one.result(10) for one in waiting}
        self.assertEqual((tokens, self.logins), ({"token 1"}, 1))
