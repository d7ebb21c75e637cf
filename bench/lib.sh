# Functions for the scripts of this folder, which set $home, $here and $work. Sourced, POSIX sh.
. "$home/samples/lib/debian.sh"

need() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || {
        echo "bench: $1 is missing; install the package that has it ($2)" >&2
        exit 3
    }
}

need_gcc_32() {
    echo 'int main(void) { return 0; }' | gcc -m32 -nostdlib -ffreestanding -c -x c -o /dev/null - 2>/dev/null || {
        echo "bench: gcc cannot compile for 32 bits; install the package gcc-multilib" >&2
        exit 3
    }
}

# guest BITS ARCH SAMPLE: the kernel and the initial RAM disk with the kernels, in $work/BITS.
guest() {
    out=$work/$1
    mkdir -p "$out"
    "$home/samples/$3/recipe" "$out"
    rm -rf "$out/root"
    cp -R "$out/.debian/root" "$out/root"
    cp "$here/guest/init" "$out/root/init"
    chmod 755 "$out/root/init"
    "$here/guest/build" "$1" "$out/root/bin/kernels"
    debian_open "$out/.debian" "$2"
    initramfs "$out/root" "$out/bench.gz"
}
