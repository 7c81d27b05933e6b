"""``users``: the recipients of a send."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ...tools.compose import Recipient
from ...tools.json_outline import Items, Shape, nothing
from .errors import request_error
from .reader import Reader, count_beyond, locate
from .send_fields import find_name


class Recipients:
    """The recipients of a request, made one by one: its users are kept once.

    :param users: objects only
    :param names: the listed fields
    """

    def __init__(
        self, users: list[object] | Items, count: int, names: Collection[str]
    ) -> None:
        self._users = users
        self._count = count
        self._names = names

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Recipient]:
        for index, user in enumerate(self._read_users()):
            if isinstance(user, dict):
                values = _pick_values(user, self._names)
                phone, gender = user.get("phone"), user.get("gender")
                yield Recipient(index, phone, gender, values)

    def _read_users(self) -> Iterable[object]:
        if isinstance(self._users, list):
            return self._users
        return self._users.read(self._get_shape)

    def _get_shape(self, name: str) -> Shape | None:
        is_read = name in ("phone", "gender") or find_name(name) in self._names
        return nothing if is_read else None


def read_users(
    request: Reader, send: Reader, max_recipients: int
) -> tuple[list[object] | Items, str]:
    """:return: the list of users and its path"""
    users, path = locate(request, send, "users")
    if users is None:
        request.report("missing", path)
    elif not isinstance(users, list | Items):
        request.report("wrong_type", path, variant="list")
    elif not users:
        request.report("missing", path, variant="empty")
    elif has_more := count_beyond(users, max_recipients):
        raise request_error(
            "too_many_users",
            path=path,
            kind="send",
            count=has_more,
            maximum=max_recipients,
        )
    else:
        return users, path
    return [], path


def count_users(request: Reader, users: list[object] | Items, path: str) -> int:
    """Report users that are no objects, and count all."""
    if isinstance(users, Items):
        are_objects = [kind == b"{" for kind in users.read_kinds()]
    else:
        are_objects = [isinstance(user, dict) for user in users]
    for index, is_object in enumerate(are_objects):
        if not is_object:
            request.report("wrong_type", f"{path}[{index}]", variant="object")
    return len(are_objects)


def _pick_values(
    user: Mapping[str, object], names: Collection[str]
) -> dict[str, object]:
    """The listed fields of a user; a name spelt exactly goes before its variants."""
    values = {name: user[name] for name in names if name in user}
    if len(values) < len(names):
        for raw, value in user.items():
            name = find_name(raw)
            if name in names:
                values.setdefault(name, value)
    return values
