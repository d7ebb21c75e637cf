package dev.arclet.launcher.cli;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.KeyException;
import dev.arclet.format.SpecException;
import dev.arclet.format.VerifyException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.fetch.FetchException;

/** Exit statuses of all commands. */
public final class ExitStatus {
    /** Done as asked. */
    public static final int OK = 0;

    /** Something failed that no other status names; the message says what. */
    public static final int FAILED = 1;

    /** Bad usage, or an input that cannot be read. */
    public static final int USAGE = 2;

    /** The time limit passed ({@code boot}); the start script also uses it when no JDK is found. */
    public static final int TIMEOUT = 3;

    /** The guest died, as by a triple fault. */
    public static final int GUEST_DIED = 4;

    /** A signature, digest or publisher is not what it must be. */
    public static final int REFUSED = 5;

    /** Nobody has agreed to run this publisher's machine. */
    public static final int NO_CONSENT = 6;

    /** A server or the network failed. */
    public static final int TRANSFER = 7;

    /** This computer lacks memory, disk space or something else that is needed. */
    public static final int HOST = 8;

    /** The named machine, or the launcher itself, is not there. */
    public static final int NOT_FOUND = 9;

    private ExitStatus() {}

    static int of(LauncherException e) {
        return switch (e.kind()) {
            case USAGE -> USAGE;
            case REFUSED -> REFUSED;
            case NO_CONSENT -> NO_CONSENT;
            case TRANSFER -> TRANSFER;
            case HOST -> HOST;
            case NOT_FOUND -> NOT_FOUND;
        };
    }

    static int of(FormatException e) {
        return switch (e) {
            case SpecException s -> USAGE;
            case BuildException b -> USAGE;
            case KeyException k -> USAGE;
            case VerifyException v -> REFUSED;
            default -> FAILED;
        };
    }

    static int ofAny(Exception e) {
        return switch (e) {
            case LauncherException l -> of(l);
            case FormatException f -> of(f);
            case FetchException f -> of(f.failure());
            default -> FAILED;
        };
    }
}
