package dev.arclet.launcher.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.emulator.storage.BlockDevice;
import dev.arclet.emulator.storage.DiskImages.Format;
import dev.arclet.emulator.storage.StorageException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.boot.DiskOption.Writes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskOptionTest {
    @TempDir private Path folder;

    @Test
    void readsItsForms() throws LauncherException {
        assertEquals(Writes.INTO_IMAGE, DiskOption.parse("a,b.img").writes());
        assertEquals(Path.of("a,b.img"), DiskOption.parse("a,b.img,ro").file());
        assertEquals(Writes.REFUSED, DiskOption.parse("x,ro,raw").writes());
        assertEquals(Optional.of(Format.RAW), DiskOption.parse("x,ro,raw").format());
        assertEquals(Optional.of(Format.QCOW2), DiskOption.parse("x,qcow2,ro").format());
        assertEquals(Optional.empty(), DiskOption.parse("x.qcow2,ro").format());
        assertThrows(LauncherException.class, () -> DiskOption.parse("x,raw,qcow2"));
        assertEquals(
                Optional.of(DiskOption.Controller.IDE),
                DiskOption.parse("x,ide,snapshot").controller());
        assertEquals(
                Optional.of(DiskOption.Controller.VIRTIO),
                DiskOption.parse("x,ro,virtio").controller());
        assertEquals(Optional.empty(), DiskOption.parse("x,ro").controller());
        assertThrows(LauncherException.class, () -> DiskOption.parse("x,ide,virtio"));
        assertEquals(Writes.LOST, DiskOption.parse("x,raw,snapshot").writes());
        assertEquals(Path.of("y"), DiskOption.parse("x,overlay=y").overlay().orElseThrow());
        assertThrows(LauncherException.class, () -> DiskOption.parse("x,ro,snapshot"));
        assertThrows(LauncherException.class, () -> DiskOption.parse(",ro"));
        assertThrows(LauncherException.class, () -> DiskOption.parse("x,overlay="));
    }

    private static byte firstByte(BlockDevice disk) throws StorageException {
        byte[] one = new byte[1];
        disk.read(0, one, 0, 1);
        return one[0];
    }

    private void write(String option, int value) throws LauncherException, IOException {
        try (BlockDevice disk = DiskOption.parse(option).open()) {
            disk.write(0, new byte[] {(byte) value}, 0, 1);
            assertEquals(value, firstByte(disk));
        }
    }

    @Test
    void keepsWritesWhereItIsTold() throws LauncherException, IOException {
        Path image = Files.write(folder.resolve("image"), new byte[8192]);
        write(image + ",snapshot", 1);
        assertEquals(0, Files.readAllBytes(image)[0]);
        String overlay = image + ",overlay=" + folder.resolve("changes");
        write(overlay, 2);
        assertEquals(0, Files.readAllBytes(image)[0]);
        try (BlockDevice disk = DiskOption.parse(overlay).open()) {
            assertEquals(2, firstByte(disk));
        }
        assertThrows(StorageException.class, () -> write(image + ",ro", 3));
        Files.setLastModifiedTime(image, FileTime.fromMillis(1));
        assertThrows(StorageException.class, () -> DiskOption.parse(overlay).open().close());
        write(image.toString(), 4);
        assertEquals(4, Files.readAllBytes(image)[0]);
    }

    @Test
    void aGuestCannotTurnItsRawDiskIntoAnImageThatNamesOtherFiles()
            throws LauncherException, IOException {
        Path image = Files.write(folder.resolve("image"), new byte[8192]);
        byte[] magic = {'Q', 'F', 'I', (byte) 0xFB, 0, 0, 0, 3};
        try (BlockDevice disk = DiskOption.parse(image.toString()).open()) {
            disk.write(0, magic, 0, magic.length);
        }
        for (String next :
                new String[] {"", ",ro", ",snapshot", ",overlay=" + folder.resolve("o")}) {
            StorageException e =
                    assertThrows(
                            StorageException.class,
                            () -> DiskOption.parse(image + next).open().close(),
                            next);
            assertTrue(e.getMessage().contains("add ,qcow2 if it is one, or ,raw"), e.getMessage());
        }
        try (BlockDevice disk = DiskOption.parse(image + ",raw").open()) {
            assertEquals('Q', firstByte(disk));
        }
    }
}
