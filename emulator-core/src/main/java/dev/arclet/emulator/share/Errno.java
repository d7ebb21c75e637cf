package dev.arclet.emulator.share;

/** A request of the guest that fails, with Linux's error number, which the protocol speaks. */
final class Errno extends Exception {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EIO = 5;
    static final int EBADF = 9;
    static final int EACCES = 13;
    static final int EEXIST = 17;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int EMFILE = 24;
    static final int EROFS = 30;
    static final int ENAMETOOLONG = 36;
    static final int ENOTEMPTY = 39;
    static final int ELOOP = 40;
    static final int EOPNOTSUPP = 95;

    private static final long serialVersionUID = 1;

    private final int number;

    Errno(int number) {
        super("error " + number, null, false, false);
        this.number = number;
    }

    int number() {
        return number;
    }
}
