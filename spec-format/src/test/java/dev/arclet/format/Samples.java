package dev.arclet.format;

import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;

/** Small but complete VMs for tests: kernel, initrd, a two-layer disk, every kind of request. */
public final class Samples {
    public static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    /** Smallest PNG that a decoder accepts: 1 by 1 pixel. */
    private static final String PNG =
            "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
                    + "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082";

    private Samples() {}

    public static String yaml(String name, String version) {
        return """
        name: %s
        version: %s
        title: A test system
        description: |
          Two lines
          of text.
        machine:
          arch: i386
          memory: 64M
          display: 1024x768
          devices: [virtio-net, virtio-rng]
        boot:
          kernel: vmlinuz
          initrd: initrd.img
          command-line: console=ttyS0 quiet
        disks:
          - name: root
            writes: keep
            layers: [base.img, child.img]
          - name: tools
            kind: cdrom
            image: tools.iso
        capabilities:
          network:
            mode: user
            allow: ["tcp mirror.example.org 80", "tcp *.example.org 80-443", "icmp *"]
          clipboard: to-guest
          audio: output
          folders:
            - { name: work, writable: true, purpose: Where results are stored }
          ports:
            - { port: 8080, purpose: A web page of the guest }
        screenshot: shot.png
        """
                .formatted(name, version);
    }

    /** Random bytes with runs of zeros, as disks have. */
    public static byte[] disk(Random random, int blocks) {
        byte[] out = new byte[blocks * 4096];
        int at = 0;
        while (at < blocks) {
            int run = Math.min(blocks - at, 1 + random.nextInt(40));
            if (random.nextInt(3) > 0) {
                byte[] data = new byte[run * 4096];
                random.nextBytes(data);
                // Half of it compressible.
                for (int i = 0; i < data.length; i += 2) {
                    data[i] = 'x';
                }
                System.arraycopy(data, 0, out, at * 4096, data.length);
            }
            at += run;
        }
        return out;
    }

    /** Writes a source folder. */
    public static Path sources(Path dir, String name, String version, long seed)
            throws IOException {
        Files.createDirectories(dir);
        Random random = new Random(seed);
        byte[] kernel = new byte[20_000];
        byte[] initrd = new byte[30_000];
        random.nextBytes(kernel);
        random.nextBytes(initrd);
        byte[] base = disk(random, 300);
        byte[] child = base.clone();
        // Edits: changed data, data turned to zeros, zeros turned to data.
        random.nextBytes(kernel);
        for (int i = 0; i < 12; i++) {
            int block = random.nextInt(300);
            int length = Math.min(1 + random.nextInt(6), 300 - block) * 4096;
            byte[] edit = new byte[length];
            if (i % 3 != 0) {
                random.nextBytes(edit);
            }
            System.arraycopy(edit, 0, child, block * 4096, length);
        }
        Files.write(dir.resolve("vmlinuz"), kernel);
        Files.write(dir.resolve("initrd.img"), initrd);
        Files.write(dir.resolve("base.img"), base);
        Files.write(dir.resolve("child.img"), child);
        Files.write(dir.resolve("tools.iso"), disk(random, 20));
        Files.write(dir.resolve("shot.png"), HexFormat.of().parseHex(PNG));
        Files.writeString(dir.resolve("vm.yaml"), yaml(name, version));
        return dir;
    }

    /** Keys, sources and a built tree under {@code root}. */
    public static Built build(Path root) throws FormatException, IOException {
        PublisherKeys keys = PublisherKeys.create(root.resolve("keys"), "Test Press", NOW);
        Path dir = sources(root.resolve("vm"), "test-vm", "1.0", 7);
        BuiltArclet built = SpecBuilder.build(dir, root.resolve("tree"), keys, NOW);
        return new Built(root, dir, root.resolve("tree"), keys, built);
    }

    /** What {@link #build} made. */
    public record Built(
            Path root, Path sources, Path tree, PublisherKeys keys, BuiltArclet result) {}
}
