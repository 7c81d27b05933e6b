"""A pytest plugin: choose what Odoo's own runner would run, and count what ran.

The run fails too when a module has run fewer or more tests than it has, and when a
test is skipped.
"""

from collections import Counter, defaultdict

import pytest

from odoo.tests import loader

from .suites import SUITES

HEADINGS = ("module", "expected", "passed", "failed", "skipped", "s")


def pytest_addoption(parser):
    parser.addoption(
        "--part",
        action="store_true",
        help="Only a part of the tests is chosen: their numbers are not checked",
    )


def pytest_configure(config):
    config.pluginmanager.register(Report(config.getoption("--part")))


class Report:
    """What became of every test, by module."""

    def __init__(self, is_part):
        self._is_part = is_part
        self._outcomes = defaultdict(dict)
        self._seconds = Counter()
        self._problems = []

    def pytest_collection_modifyitems(self, config, items):
        """Leave out what test modules have only imported or inherited."""
        wanted = {name for module in SUITES for name in list_tests(module)}
        left_out = [item for item in items if get_name(item) not in wanted]
        items[:] = [item for item in items if get_name(item) in wanted]
        config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        report.native_name = get_name(item)

    def pytest_runtest_logreport(self, report):
        module = report.native_name.partition(".")[0]
        self._seconds[module] += report.duration
        outcomes = self._outcomes[module]
        if report.failed:
            outcomes[report.native_name] = "failed"
        elif report.skipped:
            outcomes.setdefault(report.native_name, "skipped")
            reason = report.longrepr[-1]
            self._problems.append(f"{report.native_name}: skipped: {reason}")
        elif report.when == "call":
            outcomes.setdefault(report.native_name, "passed")

    def pytest_sessionfinish(self, session):
        if not self._is_part:
            self._check_numbers()
        if self._problems and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _check_numbers(self):
        for module, expected in SUITES.items():
            number = len(self._outcomes[module])
            if number != expected:
                self._problems.append(f"{module}: {number} tests of {expected} ran")

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.section("Odoo's own tests, the addon installed")
        rows = [self._make_row(module) for module in SUITES if self._outcomes[module]]
        total = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
        for row in [HEADINGS, *rows, ("all", *total)]:
            cells = [f"{cell:>9.0f}" if cell != str(cell) else cell for cell in row]
            terminalreporter.line(
                f"{cells[0]:<17}" + "".join(f"{cell:>9}" for cell in cells[1:])
            )
        for problem in self._problems:
            terminalreporter.line(problem, red=True)

    def _make_row(self, module):
        numbers = Counter(self._outcomes[module].values())
        counted = [numbers[outcome] for outcome in ("passed", "failed", "skipped")]
        return module, SUITES[module], *counted, self._seconds[module]


def list_tests(module):
    """List what Odoo's own runner runs of a module."""
    for tests in loader.get_test_modules(module):
        for case in loader.get_module_test_cases(tests):
            if "standard" in case.test_tags:
                yield f"{module}.{type(case).__name__}.{case._testMethodName}"


def get_name(item):
    """:return: the test as ``module.Class.test``"""
    module = item.cls.__module__.split(".")[2]
    return f"{module}.{item.cls.__name__}.{item.name}"
