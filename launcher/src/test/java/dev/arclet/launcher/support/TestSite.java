package dev.arclet.launcher.support;

import dev.arclet.format.FormatException;
import dev.arclet.format.build.BuiltArclet;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Random;

/** A published machine for tests: random bytes as kernel and initial RAM disk, and a small disk. */
public final class TestSite {
    /** Name of the one machine. */
    public static final String NAME = "test-vm";

    private final Path sources;
    private final Path tree;
    private final PublisherKeys keys;
    private BuiltArclet built;

    private TestSite(Path sources, Path tree, PublisherKeys keys) {
        this.sources = sources;
        this.tree = tree;
        this.keys = keys;
    }

    /** Builds under {@code root}. */
    public static TestSite build(Path root) throws FormatException, IOException {
        return build(root, "");
    }

    /**
     * @param extra lines of YAML at the top level of vm.yaml
     */
    public static TestSite build(Path root, String extra) throws FormatException, IOException {
        Path sources = Files.createDirectories(root.resolve("sources"));
        Random random = new Random(42);
        byte[] kernel = new byte[200_000];
        random.nextBytes(kernel);
        Files.write(sources.resolve("vmlinuz"), kernel);
        byte[] initrd = new byte[900_000];
        random.nextBytes(initrd);
        Files.write(sources.resolve("initrd.img"), initrd);
        byte[] disk = new byte[1 << 20];
        random.nextBytes(disk);
        Files.write(sources.resolve("disk.img"), disk);
        TestSite site =
                new TestSite(
                        sources,
                        root.resolve("tree"),
                        PublisherKeys.create(root.resolve("keys"), "Test Press", Instant.now()));
        site.version("1", extra);
        return site;
    }

    /** Builds a version into the tree. */
    public TestSite version(String version, String extra) throws FormatException, IOException {
        Files.writeString(
                sources.resolve("vm.yaml"),
                """
                name: test-vm
                version: "%s"
                title: A machine for tests
                description: Says hello.
                machine:
                  arch: i386
                  memory: 64M
                  display: 640x480
                boot:
                  kernel: vmlinuz
                  initrd: initrd.img
                  command-line: console=ttyS0
                disks:
                  - name: root
                    layers: [disk.img]
                %s
                """
                        .formatted(version, extra));
        built = SpecBuilder.build(sources, tree, keys, Instant.now());
        return this;
    }

    public Path sources() {
        return sources;
    }

    public Path tree() {
        return tree;
    }

    public PublisherKeys keys() {
        return keys;
    }

    public BuiltArclet built() {
        return built;
    }

    /** Fragment that names the publisher, with its sharp. */
    public String fragment() {
        return "#" + built.linkFragment();
    }
}
