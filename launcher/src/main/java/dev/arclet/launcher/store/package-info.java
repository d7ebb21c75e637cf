/** What the launcher keeps on disk: blobs by digest, pinned publishers, their metadata. */
package dev.arclet.launcher.store;
