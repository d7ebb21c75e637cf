# Functions for this folder's recipes. Sourced, POSIX sh; ARCLET_MATRIX is the folder where media are kept.
matrix=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)

# package NAME: fetches a package of the distribution and prints the folder with its files.
package() {
    package_dir=$ARCLET_MATRIX/packages/$1
    if [ ! -d "$package_dir" ]; then
        mkdir -p "$ARCLET_MATRIX/packages"
        (cd "$ARCLET_MATRIX" && apt-get download "$1" >&2 && dpkg-deb -x "$1"_*.deb "$package_dir.new")
        mv "$package_dir.new" "$package_dir"
    fi
    echo "$package_dir"
}

# made NAME: runs another recipe of this folder, unless it was, and prints the folder with what it made.
made() {
    made_dir=$ARCLET_MATRIX/media/$1
    if [ ! -d "$made_dir" ]; then
        rm -rf "$made_dir.new"
        mkdir -p "$made_dir.new"
        "$matrix/recipes/$1" "$made_dir.new" >&2
        mv "$made_dir.new" "$made_dir"
    fi
    echo "$made_dir"
}

need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || {
        echo "recipe: $1 is missing; install the package $2" >&2
        exit 1
    }
}

le32() { # le32 NUMBER: four bytes as printf's escapes, the lowest first
    printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# partitioned FILE MIB TYPE [BOOT_CODE]: a disk image with one active partition of the type (octal) at sector 2048.
partitioned() {
    truncate -s "$2M" "$1"
    [ -z "${4:-}" ] || dd if="$4" of="$1" conv=notrunc bs=440 count=1 status=none
    # shellcheck disable=SC2059
    printf "\\200\\376\\377\\377\\$3\\376\\377\\377$(le32 2048)$(le32 $(($2 * 2048 - 2048)))" |
        dd of="$1" conv=notrunc bs=1 seek=446 status=none
    printf '\125\252' | dd of="$1" conv=notrunc bs=1 seek=510 status=none
}
