/** Serves a published tree over HTTP, with a gallery of what is in it. */
package dev.arclet.server;
