package dev.arclet.launcher.assemble;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.chunk.LayerStack;
import java.io.IOException;

/**
 * A disk of a signed spec, read through its layers: every chunk is held against the signed root
 * before the guest sees a byte of it. Never written.
 */
final class LayeredImage implements BlockDevice {
    private final String name;
    private final LayerStack layers;

    /**
     * A disk of checked layers.
     *
     * @param name what to call it in errors
     */
    LayeredImage(String name, LayerStack layers) {
        this.name = name;
        this.layers = layers;
    }

    @Override
    public long size() {
        return layers.size();
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public void read(long offset, byte[] target, int from, int length) throws StorageException {
        checkRange(offset, length);
        try {
            layers.read(offset, target, from, length);
        } catch (VerifyException e) {
            throw new StorageException(
                    "read disk",
                    name,
                    e.getMessage(),
                    "stop the machine and start it again, which fetches what is damaged",
                    e);
        } catch (IOException e) {
            throw new StorageException(
                    "read disk",
                    name,
                    String.valueOf(e.getMessage()),
                    "check the folder of Arclet's store",
                    e);
        }
    }

    @Override
    public void write(long offset, byte[] source, int from, int length) throws StorageException {
        throw refused();
    }

    @Override
    public void zero(long offset, long length) throws StorageException {
        throw refused();
    }

    private StorageException refused() {
        return new StorageException(
                "write disk", name, "signed layers never change", "put an overlay over them");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
