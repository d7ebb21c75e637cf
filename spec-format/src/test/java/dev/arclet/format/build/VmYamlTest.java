package dev.arclet.format.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.BuildException;
import dev.arclet.format.FormatException;
import dev.arclet.format.Samples;
import dev.arclet.format.SpecException;
import dev.arclet.format.model.DiskBus;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.Protocol;
import dev.arclet.format.model.Writes;
import dev.arclet.format.trust.PublisherKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VmYamlTest {
    private static final String GOOD = Samples.yaml("test-vm", "1.10");

    @TempDir Path root;

    private static VmYaml parse(String text) throws SpecException {
        return VmYaml.parse(text.getBytes(UTF_8));
    }

    @Test
    void everyMemberIsRead() throws Exception {
        VmYaml y = parse(GOOD);
        assertEquals("1.10", y.version(), "a version is text, not a number");
        assertEquals("Two lines\nof text.", y.description());
        assertEquals(64L << 20, y.machine().memory());
        assertEquals("console=ttyS0 quiet", y.boot().commandLine());
        assertEquals(List.of("base.img", "child.img"), y.disks().get(0).images());
        assertEquals(Writes.KEEP, y.disks().get(0).writes());
        assertEquals(DiskBus.IDE, y.disks().get(1).bus());
        assertEquals(
                new NetworkRule(Protocol.TCP, "*.example.org", 80, 443),
                y.capabilities().network().allow().get(1));
        assertTrue(y.capabilities().folders().getFirst().writable());
        assertEquals(8080, y.capabilities().ports().getFirst().guestPort());
    }

    @Test
    void theRepositorysSamplesAreValid() throws Exception {
        Path samples = Path.of(System.getProperty("arclet.root", "..")).resolve("samples");
        try (Stream<Path> walk = Files.walk(samples, 3)) {
            List<Path> found =
                    walk.filter(f -> f.getFileName().toString().equals("vm.yaml")).toList();
            assertFalse(found.isEmpty(), "no sample in " + samples.toAbsolutePath());
            for (Path f : found) {
                VmYaml y = VmYaml.parse(Files.readAllBytes(f));
                assertEquals(f.getParent().getFileName().toString(), y.name(), f.toString());
            }
        }
    }

    /** Each replaces one piece of the good file by a bad one. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "title: A test system=>title: &a A test system\ndescription: *a",
                "title: A test system=>title: &a [A]",
                "title: A test system=>title: *a",
                "title: A test system=>title: !!str A",
                "title: A test system=>title: !!java.io.File A",
                "title: A test system=>title:",
                "title: A test system=>title: [a]",
                "title: A test system=>title: A\ntitle: B",
                "title: A test system=>title: A\ntitel: B",
                "title: A test system=>",
                "memory: 64M=>memory: 64",
                "memory: 64M=>memory: 64MB",
                "memory: 64M=>memory: 99999999G",
                "memory: 64M=>memory: 64M\n  memroy: 1M",
                "arch: i386=>arch: arm64",
                "display: 1024x768=>display: big",
                "kernel: vmlinuz=>firmware: a\n  kernel: vmlinuz",
                "kernel: vmlinuz=>x: y",
                "initrd: initrd.img=>order: [disk]",
                "writes: keep=>writes: always",
                "image: tools.iso=>layers: [tools.iso]\n    image: tools.iso",
                "\"icmp *\"=>\"icmp * 5\"",
                "\"icmp *\"=>\"tcp *\"",
                "\"icmp *\"=>\"gre * 5\"",
                "\"icmp *\"=>5, [6]",
                "writable: true=>writable: yes",
                "port: 8080=>port: 80800",
                "port: 8080=>port: 0x50",
                "screenshot: shot.png=>screenshot: shot.png\n---\nname: other",
                "screenshot: shot.png=>screenshot: shot.png\ncompression: 23"
            })
    void badFilesAreRefused(String change) {
        String[] parts = change.split("=>", -1);
        String bad = GOOD.replace(parts[0], parts[1]);
        assertFalse(bad.equals(GOOD), "the change did not apply");
        SpecException e = assertThrows(SpecException.class, () -> parse(bad));
        assertTrue(e.object().contains("vm.yaml"), e.getMessage());
    }

    @Test
    void bombsAreRefusedQuickly() {
        StringBuilder aliases = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            aliases.append("a%d: &a%d [".formatted(i, i)).append(("*a" + (i - 1) + ", ").repeat(9));
            aliases.append("x]\n");
        }
        List<String> bombs =
                List.of(
                        aliases.toString(),
                        "a: " + "[".repeat(100_000),
                        "a: " + "{a: ".repeat(50_000),
                        "- ".repeat(100_000),
                        "a: [" + "1,".repeat(100_000) + "]",
                        "a: &x {b: *x}",
                        "? ".repeat(10_000),
                        "a: \"" + "\\u0041".repeat(60_000),
                        "x".repeat(1 << 19),
                        "\u0000",
                        "%TAG ! tag:x:\n---\n!a b",
                        "");
        for (String bomb : bombs) {
            assertThrows(SpecException.class, () -> parse(bomb));
        }
        assertThrows(SpecException.class, () -> VmYaml.parse(new byte[] {'a', ':', (byte) 0xFF}));
    }

    private FormatException buildFails(String from, String to) throws Exception {
        Path dir = Samples.sources(root.resolve("vm"), "test-vm", "1", 1);
        String yaml = Files.readString(dir.resolve("vm.yaml")).replace(from, to);
        Files.writeString(dir.resolve("vm.yaml"), yaml);
        Path keyDir = root.resolve("keys");
        PublisherKeys keys =
                Files.exists(keyDir)
                        ? PublisherKeys.load(keyDir)
                        : PublisherKeys.create(keyDir, "P", Samples.NOW);
        return assertThrows(
                FormatException.class,
                () -> SpecBuilder.build(dir, root.resolve("tree"), keys, Samples.NOW),
                to);
    }

    @Test
    void filesOutsideTheFolderAreRefused() throws Exception {
        Files.writeString(root.resolve("secret"), "s");
        Files.createDirectories(root.resolve("vm"));
        Files.createSymbolicLink(root.resolve("vm/link"), root.resolve("secret"));
        Files.createSymbolicLink(root.resolve("vm/dirlink"), root);
        for (String name :
                List.of(
                        "../secret",
                        "x/../../secret",
                        root.resolve("secret").toString(),
                        "link",
                        "dirlink/secret",
                        "missing",
                        ".",
                        "\"\"",
                        "\"a\\0b\"")) {
            FormatException e = buildFails("kernel: vmlinuz", "kernel: " + name);
            assertEquals(BuildException.class, e.getClass(), e.getMessage());
        }
        assertFalse(Files.exists(root.resolve("tree/publishers")), "nothing was published");
    }

    @Test
    void namesThatEscapeAreRefused() throws Exception {
        for (String name : List.of("../x", "a/b", "..", "A", "x.", "con/", "-x")) {
            buildFails("name: test-vm", "name: \"" + name + "\"");
        }
        assertFalse(Files.exists(root.resolve("tree")), "not even a folder was made");
    }

    @Test
    void contentThatIsNotWhatItSaysIsRefused() throws Exception {
        buildFails("screenshot: shot.png", "screenshot: vmlinuz");
        buildFails("64M", "1M\n  cpus: 99");
        Path dir = root.resolve("vm");
        Files.write(dir.resolve("empty"), new byte[0]);
        buildFails("kernel: vmlinuz", "kernel: empty");
        buildFails("image: tools.iso", "image: empty");
    }

    @Test
    void aKernelThatDoesNotFitTheMemoryIsRefused() throws Exception {
        Path dir = Samples.sources(root.resolve("vm"), "test-vm", "1", 1);
        Files.write(dir.resolve("big"), new byte[2 << 20]);
        Files.writeString(
                dir.resolve("vm.yaml"),
                Samples.yaml("test-vm", "1")
                        .replace("initrd.img", "big")
                        .replace("memory: 64M", "memory: 2M"));
        PublisherKeys keys = PublisherKeys.create(root.resolve("keys"), "P", Samples.NOW);
        SpecException e =
                assertThrows(
                        SpecException.class,
                        () -> SpecBuilder.build(dir, root.resolve("tree"), keys, Samples.NOW));
        assertTrue(e.reason().contains("machine.memory"), e.getMessage());
    }
}
