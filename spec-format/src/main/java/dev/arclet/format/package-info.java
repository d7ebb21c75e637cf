/**
 * The Arclet format: what an author publishes and what a launcher accepts. {@code docs/format.md}
 * is the specification; each sub-package is one chapter of it.
 */
package dev.arclet.format;
