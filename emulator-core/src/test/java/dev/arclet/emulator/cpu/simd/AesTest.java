package dev.arclet.emulator.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** The rounds put together, as guests do it, against the Java platform's cipher. */
class AesTest {
    private static final long SEED = 197;

    /** The key schedule of AES-128 by means of AESKEYGENASSIST: low and high quadwords. */
    private static long[] schedule(long low, long high) {
        long[] keys = new long[22];
        keys[0] = low;
        keys[1] = high;
        int constant = 1;
        for (int round = 1; round <= 10; round++) {
            long assist = Aes.keyAssist(high, constant) >>> 32;
            constant = constant << 1 ^ (constant >> 7) * 0x11B;
            int w0 = (int) low ^ (int) assist;
            int w1 = w0 ^ (int) (low >>> 32);
            int w2 = w1 ^ (int) high;
            int w3 = w2 ^ (int) (high >>> 32);
            low = w0 & 0xFFFF_FFFFL | (long) w1 << 32;
            high = w2 & 0xFFFF_FFFFL | (long) w3 << 32;
            keys[2 * round] = low;
            keys[2 * round + 1] = high;
        }
        return keys;
    }

    private static byte[] bytes(long low, long high) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(low)
                .putLong(high)
                .array();
    }

    private static byte[] encrypt(long[] keys, long low, long high) {
        long a = low ^ keys[0];
        long b = high ^ keys[1];
        for (int round = 1; round < 10; round++) {
            long next = Aes.encrypt(a, b, 0) ^ keys[2 * round];
            b = Aes.encrypt(a, b, 1) ^ keys[2 * round + 1];
            a = next;
        }
        return bytes(Aes.encryptLast(a, b, 0) ^ keys[20], Aes.encryptLast(a, b, 1) ^ keys[21]);
    }

    private static byte[] decrypt(long[] keys, long low, long high) {
        long a = low ^ keys[20];
        long b = high ^ keys[21];
        for (int round = 9; round > 0; round--) {
            long next = Aes.decrypt(a, b, 0) ^ Aes.inverseMix(keys[2 * round]);
            b = Aes.decrypt(a, b, 1) ^ Aes.inverseMix(keys[2 * round + 1]);
            a = next;
        }
        return bytes(Aes.decryptLast(a, b, 0) ^ keys[0], Aes.decryptLast(a, b, 1) ^ keys[1]);
    }

    @Test
    void roundsMakeTheCipher() throws GeneralSecurityException {
        Random random = new Random(SEED);
        Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
        for (int n = 0; n < 200; n++) {
            long keyLow = random.nextLong();
            long keyHigh = random.nextLong();
            long low = random.nextLong();
            long high = random.nextLong();
            long[] keys = schedule(keyLow, keyHigh);
            SecretKeySpec key = new SecretKeySpec(bytes(keyLow, keyHigh), "AES");
            cipher.init(Cipher.ENCRYPT_MODE, key);
            assertArrayEquals(cipher.doFinal(bytes(low, high)), encrypt(keys, low, high));
            cipher.init(Cipher.DECRYPT_MODE, key);
            assertArrayEquals(cipher.doFinal(bytes(low, high)), decrypt(keys, low, high));
        }
    }

    @Test
    void carrylessProductAgreesWithShiftsAndAdds() {
        Random random = new Random(SEED);
        for (int n = 0; n < 2_000; n++) {
            long a = n == 0 ? -1 : random.nextLong();
            long b = n < 2 ? -1 : random.nextLong();
            long low = 0;
            long high = 0;
            for (int i = 0; i < 64; i++) {
                if ((b >>> i & 1) != 0) {
                    low ^= a << i;
                    high ^= i == 0 ? 0 : a >>> 64 - i;
                }
            }
            String message = "%016x * %016x, seed %d".formatted(a, b, SEED);
            assertEquals(low, CarrylessProduct.low(a, b), message);
            assertEquals(high, CarrylessProduct.high(a, b), message);
        }
    }
}
