package dev.arclet.format.model;

/**
 * A folder of the host that the visitor may choose to share. The spec never names a host path.
 *
 * @param name tag under which the guest finds it
 * @param writable false unless the guest must write
 * @param purpose shown to the visitor
 */
public record FolderRequest(String name, boolean writable, String purpose) {}
