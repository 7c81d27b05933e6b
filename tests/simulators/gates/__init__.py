"""The simulated providers by their code; every module here is found by itself."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..engine import Gate


def _find_gates() -> dict[str, type[Gate]]:
    modules = [import_module(f".{m.name}", __name__) for m in iter_modules(__path__)]
    return {
        value.code: value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Gate)
        and value.__module__ == module.__name__
        and hasattr(value, "code")
    }


GATES: dict[str, type[Gate]] = _find_gates()
