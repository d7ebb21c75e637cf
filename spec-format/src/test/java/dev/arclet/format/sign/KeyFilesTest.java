package dev.arclet.format.sign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.KeyException;
import dev.arclet.format.Samples;
import dev.arclet.format.trust.PublisherKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFilesTest {
    @TempDir Path dir;

    @Test
    void keysComeBackAndAreForTheOwnerOnly() throws Exception {
        SigningKey key = SigningKey.generate(new SecureRandom());
        Path file = dir.resolve("k.pem");
        KeyFiles.write(file, key);
        assertEquals(key.publicKey(), KeyFiles.read(file).publicKey());
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        // Another implementation reads the same file.
        String body = Files.readString(file).replaceAll("-----[A-Z ]+-----", "").strip();
        EdECPrivateKey jdk =
                (EdECPrivateKey)
                        KeyFactory.getInstance("Ed25519")
                                .generatePrivate(
                                        new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
        assertEquals(key.publicKey(), SigningKey.ofSeed(jdk.getBytes().orElseThrow()).publicKey());
    }

    @Test
    void filesAreNeverOverwritten() throws Exception {
        Path file = dir.resolve("k.pem");
        KeyFiles.write(file, SigningKey.generate(new SecureRandom()));
        String before = Files.readString(file);
        SigningKey other = SigningKey.generate(new SecureRandom());
        assertThrows(KeyException.class, () -> KeyFiles.write(file, other));
        assertEquals(before, Files.readString(file));
    }

    @Test
    void filesThatOthersMayReadAreRefused() throws Exception {
        Path file = dir.resolve("k.pem");
        KeyFiles.write(file, SigningKey.generate(new SecureRandom()));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        KeyException e = assertThrows(KeyException.class, () -> KeyFiles.read(file));
        assertTrue(e.nextStep().contains("chmod 600"), e.getMessage());
    }

    @Test
    void otherContentIsRefused() throws Exception {
        Path file = dir.resolve("k.pem");
        KeyFiles.write(file, SigningKey.generate(new SecureRandom()));
        String good = Files.readString(file);
        for (String bad :
                new String[] {
                    "",
                    "x",
                    good.substring(0, 60),
                    good.replace("MC4C", "MC4D"),
                    good.replace("PRIVATE", "PUBLIC"),
                    "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----"
                }) {
            Files.writeString(file, bad);
            assertThrows(KeyException.class, () -> KeyFiles.read(file), bad);
        }
        assertThrows(KeyException.class, () -> KeyFiles.read(dir.resolve("none.pem")));
    }

    @Test
    void aPublisherIsMadeOnceAndLoadsAgain() throws Exception {
        Path keys = dir.resolve("keys");
        PublisherKeys made = PublisherKeys.create(keys, "Test Press", Samples.NOW);
        PublisherKeys loaded = PublisherKeys.load(keys);
        assertEquals(made.id(), loaded.id());
        assertEquals("Test Press", loaded.name());
        assertThrows(KeyException.class, () -> PublisherKeys.create(keys, "X", Samples.NOW));

        PublisherKeys rotated = loaded.rotateOnlineKey(Samples.NOW);
        assertEquals(made.id(), rotated.id());
        assertEquals(2, PublisherKeys.load(keys).rootChain().size());

        Files.write(keys.resolve("1.root.json"), new byte[] {'{', '}'});
        assertThrows(KeyException.class, () -> PublisherKeys.load(keys));
    }

    @Test
    void foreignPrivateKeysInTheFolderAreNoticed() throws Exception {
        Path keys = dir.resolve("keys");
        PublisherKeys.create(keys, "Test Press", Samples.NOW);
        Files.delete(keys.resolve("online.pem"));
        KeyFiles.write(keys.resolve("online.pem"), SigningKey.generate(new SecureRandom()));
        assertThrows(KeyException.class, () -> PublisherKeys.load(keys));
    }

    @Test
    void theRootKeyMayBeKeptElsewhere() throws Exception {
        Path keys = dir.resolve("keys");
        PublisherKeys made = PublisherKeys.create(keys, "Test Press", Samples.NOW);
        Files.move(keys.resolve("root.pem"), dir.resolve("root.pem"));
        PublisherKeys online = PublisherKeys.load(keys);
        assertEquals(made.rootKey(), online.rootKey());
        assertFalse(online.hasRootKey());
        KeyException e =
                assertThrows(KeyException.class, () -> online.rotateOnlineKey(Samples.NOW));
        assertTrue(e.reason().contains("root.pem"), e.getMessage());
        assertEquals(online.onlineKey(), PublisherKeys.load(keys).onlineKey(), "nothing changed");
    }
}
