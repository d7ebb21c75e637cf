/**
 * The launcher: fetch, verify, store, policy, consent, assemble, run, stream; and the {@code
 * arclet} command line.
 */
package dev.arclet.launcher;
