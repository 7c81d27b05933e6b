"""How far a long request is, told to the page that waits for it."""

import logging
import time

import psycopg2

_logger = logging.getLogger(__name__)

#: Told over the bus: {"model", "id", "done", "total"}, 0 where the total is unknown.
PROGRESS_NOTIFICATION = "crm_sms_gateway/progress"
#: Seconds between two words; a request that is shorter says nothing.
TELL_EVERY = 1


class Progress:
    """Counts for the user who pressed a button on a record."""

    def __init__(self, record, total=0):
        """
        :param total: how many there will be as far as is known, 0 if nobody knows
        """
        self._record = record
        self._total = total
        self._next = time.monotonic() + TELL_EVERY

    def watch(self, things):
        """Yield the things, and tell how many were taken."""
        for done, thing in enumerate(things):
            self.tell(done)
            yield thing

    def tell(self, done):
        """Tell how many are done, now and then."""
        if time.monotonic() >= self._next:
            self._tell(done)
            self._next = time.monotonic() + TELL_EVERY

    def _tell(self, done):
        """In a transaction of its own: that of the request is not committed before its
        end. Who is not told waits all the same."""
        env = self._record.env
        payload = {
            "model": self._record._name,
            "id": self._record.id,
            "done": done,
            "total": self._total if done <= self._total else 0,
        }
        try:
            with env.registry.cursor() as cr:
                user = env.user.with_env(env(cr=cr))
                user._bus_send(PROGRESS_NOTIFICATION, payload)
        except psycopg2.Error as error:
            _logger.warning("Nobody is told of progress: %s", error)
