package dev.arclet.format.model;

/** Media types of the format. A reader refuses any other by name. */
public final class MediaTypes {
    public static final String SPEC = "application/vnd.arclet.spec.v1+json";
    public static final String CATALOG = "application/vnd.arclet.catalog.v1+json";
    public static final String POINTER = "application/vnd.arclet.pointer.v1+json";
    public static final String ENVELOPE = "application/vnd.arclet.envelope.v1+json";
    public static final String LAYER_INDEX = "application/vnd.arclet.layer.v1.index";
    public static final String LAYER_PAGE = "application/vnd.arclet.layer.v1.page";
    public static final String LAYER_PACK = "application/vnd.arclet.layer.v1.pack+zstd";
    public static final String KERNEL = "application/vnd.arclet.kernel.v1";
    public static final String INITRD = "application/vnd.arclet.initrd.v1";
    public static final String FIRMWARE = "application/vnd.arclet.firmware.v1";
    public static final String VGA_BIOS = "application/vnd.arclet.vgabios.v1";
    public static final String PNG = "image/png";

    private MediaTypes() {}
}
