package dev.arclet.format.blob;

import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Descriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;

/** Reads blobs so that nothing but the signed bytes comes out. */
public final class BlobChecks {
    private BlobChecks() {}

    /**
     * Copies a blob and checks length and digest. Bytes reach {@code out} before the digest is
     * known: write to a temporary place and use it only after this returns.
     */
    public static void copy(InputStream in, Descriptor blob, OutputStream out)
            throws VerifyException, IOException {
        MessageDigest sha = Digest.sha256();
        byte[] buffer = new byte[1 << 16];
        long left = blob.size();
        while (left > 0) {
            int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (n < 0) {
                throw bad(blob, "it ends " + left + " bytes before its signed length");
            }
            sha.update(buffer, 0, n);
            out.write(buffer, 0, n);
            left -= n;
        }
        if (in.read() >= 0) {
            throw bad(blob, "it goes on after its signed length of " + blob.size() + " bytes");
        }
        Digest found = Digest.ofRaw(sha.digest());
        if (!found.equals(blob.digest())) {
            throw bad(blob, "its content has digest " + found);
        }
    }

    /** A whole verified blob in memory. The caller has bounded {@code blob.size()}. */
    public static byte[] readAll(BlobSource source, Descriptor blob)
            throws VerifyException, IOException {
        // Grows with the bytes that really arrive: a size alone must not reserve memory.
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) Math.min(blob.size(), 1 << 16));
        try (InputStream in = source.open(blob.digest(), blob.size())) {
            copy(in, blob, out);
        }
        return out.toByteArray();
    }

    private static VerifyException bad(Descriptor blob, String reason) {
        return new VerifyException(
                "use",
                "blob " + blob.digest() + " (" + blob.mediaType() + ")",
                reason,
                "Fetch it again; if that does not help, the server's copy is damaged: tell its"
                        + " publisher");
    }
}
