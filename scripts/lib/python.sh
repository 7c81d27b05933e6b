# Python packages: one virtual environment for Odoo and the tests, one for the linters.
# shellcheck shell=bash

_REQUIREMENTS="$ROOT/scripts/requirements"

# Leaves the interpreter that runs Odoo and the tests in VENV_PYTHON.
provide_python() {
    VENV_PYTHON="$HANDLE/.local/venv/bin/python"
    _provide_venv venv odoo.txt test.txt
}

# Leaves the interpreter that runs the linters in LINT_PYTHON.
provide_lint_python() {
    LINT_PYTHON="$HANDLE/.local/lint-venv/bin/python"
    _provide_venv lint-venv lint.txt
}

#   _provide_venv folder requirements-file [requirements-file ...]
_provide_venv() {
    local venv="$HANDLE/.local/$1" lock files=() file
    shift
    for file in "$@"; do
        files+=("$_REQUIREMENTS/$file")
    done
    _venv_is_current "$venv" "${files[@]}" && return
    take_lock lock "$LOCAL/venv.lock" "it installs Python packages"
    _venv_is_current "$venv" "${files[@]}" || _make_venv "$venv" "${files[@]}"
    drop_lock lock
}

_venv_is_current() {
    local venv="$1"
    shift
    [[ -x $venv/bin/python && $(_pins "$@") == "$(cat "$venv/.pins" 2>/dev/null)" ]]
}

_pins() { cat "$@" | sha256sum; }

_make_venv() {
    local venv="$1" arguments=() file
    shift
    for file in "$@"; do
        arguments+=(-r "$file")
    done
    rm -f "$venv/.pins"
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        _search_python || die "no Python 3.10 to 3.13 with venv; set PYTHON=/path/to/one"
        step "Making the Python environment $(basename "$venv")" \
            "$BASE_PYTHON" -m venv --clear "$venv" || die "no Python environment"
    fi
    step "Installing Python packages into $(basename "$venv")" \
        "$venv/bin/python" -m pip install --disable-pip-version-check --no-input \
        --prefer-binary "${arguments[@]}" || die "the Python packages did not install"
    _pins "$@" >"$venv/.pins"
}

# A Python that Odoo 19 runs on and that can make virtual environments. The system's
# goes first: distributions build theirs with profile-guided optimisation, which the usual
# version managers do not, and which makes it some quarter faster.
have_python() { [[ -x $LOCAL/venv/bin/python ]] || _search_python; }

_search_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3 python3.13 \
        python3.12 python3.11 python3.10; do
        if _python_fits "$candidate"; then
            BASE_PYTHON="$candidate"
            return
        fi
    done
    return 1
}

_python_fits() {
    "$1" -c 'import sys, venv, ensurepip
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}
