"""A pytest plugin: choose what Odoo's own runner would run, and count what ran.

The run fails too when a module has run fewer or more tests than it has, when a test is
skipped, and when one passes that `EXEMPT` says cannot.
"""

from collections import Counter, defaultdict

import pytest

from odoo.tests import loader

from .suites import EXEMPT, LEFT_OUT, SUITES

NATIVELY = "Odoo's own tests, the addon installed"
THROUGH_GATEWAY = "Odoo's own tests of SMS, through the gateway"
OURS = "Tests of the addon with these modules"

OUTCOMES = ("passed", "exempt", "failed", "skipped")


def pytest_addoption(parser):
    parser.addoption(
        "--part",
        action="store_true",
        help="Only a part of the tests is chosen: their numbers are not checked",
    )


def pytest_configure(config):
    config.pluginmanager.register(Report(config.getoption("--part")))


class Report:
    """What became of every test, by section and module."""

    def __init__(self, is_part):
        self._is_part = is_part
        self._outcomes = defaultdict(dict)
        self._seconds = Counter()
        self._problems = []

    def pytest_collection_modifyitems(self, config, items):
        """Leave out what test modules have only imported or inherited."""
        names = {name for module in SUITES for name in list_tests(module)}
        wanted = {name for name in names if not name.startswith(LEFT_OUT)}
        left_out = [
            item
            for item in items
            if get_section(item) != OURS and get_name(item) not in wanted
        ]
        items[:] = [item for item in items if item not in set(left_out)]
        config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        report.place = get_section(item), get_name(item)
        if report.failed and is_exempt(*report.place):
            report.outcome = "skipped"
            report.wasxfail = EXEMPT[get_name(item)]

    def pytest_runtest_logreport(self, report):
        section, name = report.place
        suite = section, name.partition(".")[0]
        self._seconds[suite] += report.duration
        outcomes = self._outcomes[suite]
        if hasattr(report, "wasxfail"):
            outcomes[name] = "exempt"
        elif report.failed:
            outcomes[name] = "failed"
        elif report.skipped:
            outcomes.setdefault(name, "skipped")
            self._problems.append(f"{name}: skipped: {report.longrepr[-1]}")
        elif report.when == "call":
            outcomes.setdefault(name, "passed")

    def pytest_sessionfinish(self, session):
        self._check_exempt()
        if not self._is_part:
            self._check_numbers()
        if self._problems and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _check_exempt(self):
        for (section, _module), outcomes in self._outcomes.items():
            for name, outcome in outcomes.items():
                if is_exempt(section, name) and outcome == "passed":
                    self._problems.append(f"{name}: is exempt, and passes")

    def _check_numbers(self):
        ran = {name for outcomes in self._outcomes.values() for name in outcomes}
        gone = sorted(EXEMPT.keys() - ran)
        self._problems += [f"{name}: is exempt, and there is none" for name in gone]
        for module, numbers in SUITES.items():
            sections = (NATIVELY, THROUGH_GATEWAY)
            for section, expected in zip(sections, numbers, strict=True):
                number = len(self._outcomes[section, module])
                if number != expected:
                    self._problems.append(
                        f"{module}: {number} tests of {expected} ran. {section}"
                    )

    def pytest_terminal_summary(self, terminalreporter):
        for section in (NATIVELY, THROUGH_GATEWAY, OURS):
            rows = list(self._make_rows(section))
            if rows:
                terminalreporter.section(section)
                for row in rows:
                    terminalreporter.line(row)
        for problem in self._problems:
            terminalreporter.line(problem, red=True)

    def _make_rows(self, section):
        total = Counter()
        for suite, outcomes in self._outcomes.items():
            if suite[0] == section and outcomes:
                numbers = Counter(outcomes.values())
                numbers["s"] = self._seconds[suite]
                total += numbers
                yield make_row(suite[1], numbers)
        if total:
            yield make_row("all", total)


def make_row(module, numbers):
    """:return: "module   7 passed  1 exempt   3 s", without what there is none of"""
    cells = [f"{numbers[name]:4} {name}" for name in OUTCOMES if numbers[name]]
    return f"{module:<18}{'  '.join(cells)}  {numbers['s']:.0f} s"


def is_exempt(section, name):
    """Tell whether the test may fail, and has to."""
    return section == THROUGH_GATEWAY and name in EXEMPT


def list_tests(module):
    """List what Odoo's own runner runs of a module."""
    for tests in loader.get_test_modules(module):
        for case in loader.get_module_test_cases(tests):
            if "standard" in case.test_tags:
                yield f"{module}.{type(case).__name__}.{case._testMethodName}"


def get_section(item):
    """:return: the section of the report that the test is counted in"""
    if hasattr(item.cls, "native_class"):
        return THROUGH_GATEWAY
    return NATIVELY if get_name(item).partition(".")[0] in SUITES else OURS


def get_name(item):
    """:return: the test as ``module.Class.test``"""
    written_in = getattr(item.cls, "native_class", item.cls)
    module = written_in.__module__.split(".")[2]
    return f"{module}.{written_in.__name__}.{item.name}"
