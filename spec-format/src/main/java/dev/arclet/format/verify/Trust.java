package dev.arclet.format.verify;

/** Why a verified VM's publisher is believed to be the one meant. */
public enum Trust {
    /** The link names the publisher. */
    LINK,
    /** The link names nobody; the publisher is the one first met at this location. */
    PINNED,
    /** The link names nobody, and this is the first visit: the server alone says who it is. */
    FIRST_USE,
    /** The link names the exact envelope, and its publisher's keys signed it. */
    EXACT,
    /** The link names the exact envelope; who signed it could not be found out. */
    EXACT_UNCONFIRMED
}
