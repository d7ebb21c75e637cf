package dev.arclet.format.chunk;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.digest.Digest;
import java.util.Arrays;

/** One chunk as one zstd frame (RFC 8878). The only class that knows the compressor. */
final class ChunkCodec {
    private ChunkCodec() {}

    /** A frame that states its content size. */
    static byte[] compress(byte[] plain, int length, int level) {
        return Zstd.compress(plain.length == length ? plain : Arrays.copyOf(plain, length), level);
    }

    /**
     * The plain bytes of a chunk, checked against its id.
     *
     * @param plainLength known from the verified index; nothing larger is ever allocated or written
     */
    static byte[] decompress(byte[] frame, int plainLength, Digest id) throws VerifyException {
        // The native call takes no empty array.
        boolean empty = frame.length == 0;
        if (empty || Zstd.getFrameContentSize(frame, 0, frame.length) != plainLength) {
            throw bad(id, "its frame does not state the size that the index gives");
        }
        byte[] plain = new byte[plainLength];
        long n;
        try {
            n = Zstd.decompressByteArray(plain, 0, plainLength, frame, 0, frame.length);
        } catch (ZstdException e) {
            throw bad(id, "its frame does not decompress (" + e.getMessage() + ")");
        }
        if (n != plainLength) {
            throw bad(id, "its frame gives " + n + " bytes, not " + plainLength);
        }
        if (!Digest.of(plain).equals(id)) {
            throw bad(id, "its bytes have another digest");
        }
        return plain;
    }

    private static VerifyException bad(Digest id, String reason) {
        return new VerifyException(
                "use",
                "chunk " + id,
                reason,
                "Fetch its pack again; if that does not help, the server's copy is damaged: tell"
                        + " its publisher");
    }
}
