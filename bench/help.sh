# Sourced by the scripts of this folder, POSIX sh: asked for help, a script prints what its own first lines say of it.
case ${1:-} in
    -h | --help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
esac
