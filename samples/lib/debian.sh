# Functions for recipes: packages of the distribution, fetched and unpacked without root and without touching
# the machine's own package database. Sourced, POSIX sh.

# debian_open DIR ARCH: a private package database for an architecture.
debian_open() {
    mkdir -p "$1"
    debian_dir=$(CDPATH= cd -- "$1" && pwd) debian_arch=$2
    mkdir -p "$debian_dir/lists/partial" "$debian_dir/cache/archives/partial" "$debian_dir/deb"
    : >"$debian_dir/status"
    # A day is fresh enough; without network an older list will do, too.
    if [ -z "$(find "$debian_dir/stamp-$debian_arch" -mmin -1440 2>/dev/null)" ]; then
        if debian_apt -qq update >"$debian_dir/update.log" 2>&1; then
            touch "$debian_dir/stamp-$debian_arch"
        elif ! debian_apt show busybox-static >/dev/null 2>&1; then
            echo "recipe: cannot read the distribution's package lists for $debian_arch:" >&2
            tail -n 5 "$debian_dir/update.log" >&2
            return 1
        fi
    fi
}

debian_run() {
    program=$1
    shift
    "$program" -o "APT::Architecture=$debian_arch" -o "APT::Architectures=$debian_arch" \
        -o "Dir::State=$debian_dir" -o "Dir::State::Lists=$debian_dir/lists" \
        -o "Dir::State::status=$debian_dir/status" -o "Dir::Cache=$debian_dir/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@"
}

debian_apt() {
    case $1 in
        show | depends) debian_run apt-cache "$@" ;;
        *) debian_run apt-get "$@" ;;
    esac
}

# debian_depends PACKAGE REGEX: the first dependency of a package whose name matches.
debian_depends() {
    debian_apt depends "$1" | sed -n "s/^ *Depends: \($2\)\$/\1/p" | sed 's/:.*//' | head -n 1
}

# debian_fetch PACKAGE...: fetches packages that are not there yet.
debian_fetch() {
    missing=
    for package in "$@"; do
        [ -n "$(debian_deb "$package")" ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # a list of names
    (cd "$debian_dir/deb" && debian_apt -qq download $missing >download.log 2>&1) || {
        echo "recipe: cannot download packages:$missing:" >&2
        tail -n 5 "$debian_dir/deb/download.log" >&2
        return 1
    }
}

# debian_deb PACKAGE: the file of a package that was fetched.
debian_deb() {
    find "$debian_dir/deb" -name "$1_*_$debian_arch.deb" -o -name "$1_*_all.deb" | head -n 1
}

# debian_add PACKAGE DIR: adds the files of a package to a folder, fetched if they are not there yet.
debian_add() {
    [ -n "$1" ] || { echo "recipe: a package is missing from the distribution's lists" >&2; return 1; }
    debian_fetch "$1" && dpkg-deb -x "$(debian_deb "$1")" "$2"
}

# debian_unpack PACKAGE DIR: the files of a package alone.
debian_unpack() {
    rm -rf "$2"
    mkdir -p "$2"
    debian_add "$1" "$2"
}

# initramfs ROOT FILE: packs a folder as an initial RAM disk, reproducibly: sorted, owned by root, dated 1970.
initramfs() {
    cpio=$(command -v cpio || true)
    if [ -z "$cpio" ]; then
        tools=$debian_dir/host
        (debian_open "$tools" "$(dpkg --print-architecture)" && debian_unpack cpio "$tools/cpio")
        cpio=$tools/cpio/bin/cpio
    fi
    find "$1" -exec touch -h -d @0 {} +
    (cd "$1" && find . | LC_ALL=C sort | "$cpio" --quiet --reproducible -o -H newc -R 0:0) >"$2.cpio"
    gzip -9nc "$2.cpio" >"$2.part"
    rm "$2.cpio"
    mv "$2.part" "$2"
}
