package dev.arclet.format.sign;

import dev.arclet.format.KeyException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;

/**
 * Private keys on disk: PKCS#8 in PEM (RFC 8410 section 7), which common tools read. A file is
 * created readable by its owner only, is never overwritten, and is refused when others may read it.
 */
public final class KeyFiles {
    /** DER of a PKCS#8 PrivateKeyInfo for Ed25519 up to the seed; RFC 8410 fixes every byte. */
    private static final byte[] PKCS8_PREFIX =
            HexFormat.of().parseHex("302e020100300506032b657004220420");

    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final int MAX_BYTES = 4096;

    private KeyFiles() {}

    /** Writes a key to a file that must not exist yet. */
    public static void write(Path file, SigningKey key) throws KeyException, IOException {
        byte[] der = Arrays.copyOf(PKCS8_PREFIX, PKCS8_PREFIX.length + SigningKey.BYTES);
        System.arraycopy(key.seed(), 0, der, PKCS8_PREFIX.length, SigningKey.BYTES);
        String pem = BEGIN + "\n" + Base64.getEncoder().encodeToString(der) + "\n" + END + "\n";
        FileAttribute<?>[] ownerOnly =
                posix(file)
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0];
        try (FileChannel channel =
                        FileChannel.open(
                                file,
                                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                ownerOnly);
                OutputStream out = Channels.newOutputStream(channel)) {
            out.write(pem.getBytes(StandardCharsets.US_ASCII));
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw new KeyException(
                    "write",
                    "key file " + file,
                    "it exists already, and a lost key cannot be replaced",
                    "Choose another folder, or move the old keys away yourself",
                    e);
        }
    }

    /** Reads a key written by {@link #write} or by another PKCS#8 tool. */
    public static SigningKey read(Path file) throws KeyException, IOException {
        byte[] bytes;
        try {
            if (posix(file) && othersMayRead(file)) {
                throw problem(
                        file,
                        "other users of this machine may read it",
                        "Run chmod 600 on it, and make new keys if somebody may have copied it");
            }
            if (Files.size(file) > MAX_BYTES) {
                throw malformed(file);
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new KeyException(
                    "read",
                    "key file " + file,
                    "there is none",
                    "Create keys with \"arclet key init\", or restore the file from its backup",
                    e);
        }
        String text = new String(bytes, StandardCharsets.US_ASCII).strip();
        if (!text.startsWith(BEGIN) || !text.endsWith(END)) {
            throw malformed(file);
        }
        String body = text.substring(BEGIN.length(), text.length() - END.length());
        byte[] der;
        try {
            der = Base64.getDecoder().decode(body.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw malformed(file);
        }
        int seedAt = PKCS8_PREFIX.length;
        if (der.length != seedAt + SigningKey.BYTES
                || !Arrays.equals(der, 0, seedAt, PKCS8_PREFIX, 0, seedAt)) {
            throw malformed(file);
        }
        return SigningKey.ofSeed(Arrays.copyOfRange(der, seedAt, der.length));
    }

    private static boolean posix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static boolean othersMayRead(Path file) throws IOException {
        Set<PosixFilePermission> p = Files.getPosixFilePermissions(file);
        return p.contains(PosixFilePermission.GROUP_READ)
                || p.contains(PosixFilePermission.OTHERS_READ);
    }

    private static KeyException malformed(Path file) {
        return problem(
                file,
                "it is not an Ed25519 private key in PKCS#8 PEM form",
                "Restore the file from its backup");
    }

    private static KeyException problem(Path file, String reason, String next) {
        return new KeyException("read", "key file " + file, reason, next);
    }
}
