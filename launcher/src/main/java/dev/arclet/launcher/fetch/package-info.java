/**
 * Brings blobs and metadata into the store from sources that are not trusted: bounded, retried,
 * resumed, checked.
 */
package dev.arclet.launcher.fetch;
