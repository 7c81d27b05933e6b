# Odoo 19 itself: a folder the developer names, or Debian's package, unpacked.
# shellcheck shell=bash

ODOO_PACKAGE=odoo-19
# Odoo's web client and reports reach these through links.
ODOO_COMPANIONS=(libjs-jquery libjs-underscore libjs-jquery-form fonts-font-awesome
    fonts-roboto-unhinted fonts-inconsolata fonts-montserrat fonts-ocr-b)
_PACKAGES_UNDER=usr/lib/python3/dist-packages
_DEBS="$CACHE/debs"

# Leaves the folder that holds the package "odoo" in ODOO_PATH.
provide_odoo() {
    local lock unpacked="$LOCAL/odoo/root"
    if [[ -n ${ODOO_HOME:-} ]]; then
        ODOO_PATH="$(_odoo_below "$ODOO_HOME")" ||
            die "ODOO_HOME=$ODOO_HOME holds no Odoo 19 (no odoo/release.py of series 19)"
        return
    fi
    if [[ ! -e $unpacked/.complete ]]; then
        take_lock lock "$LOCAL/odoo/lock" "it unpacks Odoo"
        [[ -e $unpacked/.complete ]] || _unpack_odoo "$unpacked"
        drop_lock lock
    fi
    ODOO_PATH="$HANDLE/.local/odoo/root/$_PACKAGES_UNDER"
}

# The folder to put on Python's path, for a source checkout, an unpacked package or
# the folder itself.
_odoo_below() {
    local home candidate
    home="$(cd "$1" 2>/dev/null && pwd -P)" || return 1
    for candidate in "$home" "$home/$_PACKAGES_UNDER"; do
        if grep -qsE '^version_info *= *\(19, *0' "$candidate/odoo/release.py"; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

_unpack_odoo() {
    local target="$1" new="$1.new" deb
    _collect_debs
    rm -rf "$new" "$target"
    mkdir -p "$new"
    step "Unpacking Odoo" _unpack_debs "$new" "${_COLLECTED[@]}" ||
        die "$(basename "${_COLLECTED[0]}") could not be unpacked"
    _complete_unpacked "$new"
    mv "$new" "$target"
}

_unpack_debs() {
    local target="$1" deb
    shift
    for deb in "$@"; do
        dpkg-deb -x "$deb" "$target" || return
    done
}

# What Debian's package lacks or holds twice.
_complete_unpacked() {
    local addons="$1/$_PACKAGES_UNDER/odoo/addons" missing link destination
    # A second, partial copy of the addons, without their data.
    rm -rf "${1:?}/$_PACKAGES_UNDER/addons"
    # Listed in the assets of mail, not shipped: its absence is an error in the browser.
    missing="$addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    if [[ ! -e $missing ]]; then
        mkdir -p "$(dirname "$missing")"
        : >"$missing"
    fi
    while IFS= read -r -d '' link; do
        destination="$(readlink "$link")"
        [[ ! -e $1$destination ]] || ln -sfnr "$1$destination" "$link"
    done < <(find "$1" -lname '/*' -print0)
    : >"$1/.complete"
}

# ------------------------------------------------------ where the package comes from

# Leaves the packages to unpack in _COLLECTED.
_collect_debs() {
    local lock
    _COLLECTED=()
    take_lock lock "$_DEBS/lock" "it downloads Odoo"
    if ! _debs_cached "$ODOO_PACKAGE" "${ODOO_COMPANIONS[@]}"; then
        if _debian_archive >/dev/null; then
            _download_debs "$ODOO_PACKAGE" "${ODOO_COMPANIONS[@]}" ||
                warn "apt did not give $ODOO_PACKAGE"
        fi
    fi
    drop_lock lock
    _choose_odoo_deb
    _choose_companion_debs
}

# Prints the newest copy in the cache, or nothing.
_cached_deb() {
    find "$_DEBS" -maxdepth 1 -name "${1}_*.deb" | sort -V | tail -n 1
}

_debs_cached() {
    local name
    for name in "$@"; do
        [[ -n $(_cached_deb "$name") ]] || return 1
    done
}

_choose_odoo_deb() {
    local deb
    deb="$(_cached_deb "$ODOO_PACKAGE")"
    if [[ -z $deb && -n ${ODOO_DEB:-} ]]; then
        [[ -r $ODOO_DEB ]] || die "ODOO_DEB=$ODOO_DEB cannot be read"
        have dpkg-deb || die "ODOO_DEB needs dpkg-deb to unpack it; set ODOO_HOME instead"
        deb="$ODOO_DEB"
    fi
    [[ -n $deb ]] || _say_how_to_get_odoo
    _COLLECTED+=("$deb")
}

_choose_companion_debs() {
    local name deb
    for name in "${ODOO_COMPANIONS[@]}"; do
        deb="$(_cached_deb "$name")"
        if [[ -n $deb ]]; then
            _COLLECTED+=("$deb")
        else
            warn "no package $name, Odoo will lack a font or a script; remove $LOCAL/odoo to try again"
        fi
    done
}

_say_how_to_get_odoo() {
    cat >&2 <<MESSAGE
$SCRIPT_NAME: error: there is no Odoo 19 here. On a Debian machine it is downloaded as
the package $ODOO_PACKAGE of the suite "unstable", from the mirror that apt is set up
with; that did not work here. Set one of these and start again:

    ODOO_HOME=/path/to/odoo      an Odoo 19 that you have: a source checkout or an
                                 unpacked package
    ODOO_DEB=/path/to/file.deb   a copy of Debian's package $ODOO_PACKAGE
MESSAGE
    exit 1
}

# The address of Debian's main archive in the machine's own apt set-up: the source of
# this release's own suite.
_debian_archive() {
    local id codename
    have apt-get && have dpkg-deb || return 1
    # shellcheck source=/dev/null
    id="$(. /etc/os-release 2>/dev/null && printf '%s' "${ID:-}")"
    # shellcheck source=/dev/null
    codename="$(. /etc/os-release 2>/dev/null && printf '%s' "${VERSION_CODENAME:-}")"
    [[ $id == debian ]] || return 1
    # shellcheck disable=SC2016 # the words are apt's, not the shell's
    apt-get indextargets --no-release-info \
        --format '$(CREATED_BY)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)' 2>/dev/null |
        awk -F'|' -v codename="$codename" '
            $1 == "Packages" && $2 == "main" && $4 !~ /security/ &&
            ($3 == codename || $3 ~ /^(stable|testing|unstable|sid)$/) {
                print $4; found = 1; exit
            }
            END { exit !found }'
}

# Downloads packages of the suite "unstable" into the cache with an apt of its own:
# own lists, own state, the system's sources untouched.
_download_debs() {
    local work code=0
    work="$(mktemp -d "$CACHE/apt.XXXXXX")"
    _write_apt_files "$work"
    step "Reading the package list of Debian unstable" \
        env APT_CONFIG="$work/apt.conf" apt-get update || code=1
    if ((!code)); then
        step "Downloading Odoo" _apt_download "$work" "$@" || code=1
        find "$work/debs" -name '*.deb' -exec mv -t "$_DEBS" {} +
    fi
    rm -rf "$work"
    return "$code"
}

# One by one, so that one that is missing does not cost the others.
_apt_download() (
    work="$1" code=0
    shift
    cd "$work/debs" || exit
    for name in "$@"; do
        env APT_CONFIG="$work/apt.conf" apt-get download "$name" || code=1
    done
    exit "$code"
)

_write_apt_files() {
    mkdir -p "$1/debs" "$1/state" "$1/lists/partial" "$1/cache/archives/partial"
    # A mirror may lag behind: the signature counts, not the date of the list.
    printf 'deb [%s] %s unstable main\n' \
        "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg" \
        "$(_debian_archive)" >"$1/sources.list"
    {
        # Proxies and certificates as the system has them, its hooks not.
        apt-config dump | grep '^Acquire::' || true
        cat <<CONF
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "2";
Acquire::http::Timeout "30";
APT::Sandbox::User "";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$1/state";
Dir::State::lists "$1/lists";
Dir::State::status "/dev/null";
Dir::Cache "$1/cache";
CONF
    } >"$1/apt.conf"
}
