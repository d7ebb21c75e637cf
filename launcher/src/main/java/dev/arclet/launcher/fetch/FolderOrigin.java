package dev.arclet.launcher.fetch;

import dev.arclet.format.model.Descriptor;
import dev.arclet.format.tree.TreeLayout;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A published tree in a local folder, such as a USB stick. */
public final class FolderOrigin implements BlobOrigin {
    private final Path tree;

    public FolderOrigin(Path tree) {
        this.tree = tree;
    }

    @Override
    public HttpReader.Answer open(Descriptor blob, long offset) throws IOException {
        Path file = tree.resolve(TreeLayout.blobPath(blob.digest()));
        try {
            InputStream in = Files.newInputStream(file);
            in.skipNBytes(Math.min(offset, Files.size(file)));
            return new HttpReader.Answer(in, offset);
        } catch (NoSuchFileException e) {
            FileNotFoundException missing = new FileNotFoundException(file + " is not there");
            missing.initCause(e);
            throw missing;
        }
    }

    @Override
    public String name() {
        return tree.toString();
    }
}
