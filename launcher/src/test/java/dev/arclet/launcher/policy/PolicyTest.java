package dev.arclet.launcher.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Arch;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Machine;
import dev.arclet.format.model.MediaTypes;
import dev.arclet.format.model.Network;
import dev.arclet.format.model.NetworkMode;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.Protocol;
import dev.arclet.format.model.Publisher;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.store.ArcletHome;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyTest {
    private static final PublisherId ONE =
            PublisherId.ofFirstRoot("one".getBytes(StandardCharsets.US_ASCII));
    private static final PublisherId TWO =
            PublisherId.ofFirstRoot("two".getBytes(StandardCharsets.US_ASCII));
    private static final Abilities ALL = new Abilities(true, true, true, true, true);
    private static final Capabilities EVERYTHING =
            new Capabilities(
                    network("example.org"),
                    Clipboard.BOTH,
                    Audio.OUTPUT,
                    List.of(
                            new FolderRequest("work", true, "results"),
                            new FolderRequest("music", false, "songs")),
                    List.of(new PortRequest(Protocol.TCP, 8080, "a page")));

    @TempDir private Path dir;

    private static Network network(String host) {
        return new Network(NetworkMode.USER, List.of(new NetworkRule(Protocol.TCP, host, 80, 443)));
    }

    private static Capabilities folders(FolderRequest... folders) {
        return new Capabilities(
                Network.NONE, Clipboard.NONE, Audio.NONE, List.of(folders), List.of());
    }

    private static Spec spec(Capabilities capabilities, int mebibytes) {
        return new Spec(
                "vm",
                "1",
                "VM",
                "",
                new Publisher(ONE, "One"),
                new Machine(Arch.I386, (long) mebibytes << 20, 1, Optional.empty(), List.of()),
                new KernelBoot(
                        new Descriptor(MediaTypes.KERNEL, Digest.of(new byte[0]), 0),
                        Optional.empty(),
                        ""),
                List.of(),
                capabilities,
                Optional.empty(),
                List.of());
    }

    private static Choice yes(Map<String, Path> folders) {
        return new Choice(true, true, true, true, folders, true);
    }

    @Test
    void grantsNothingByDefault() {
        assertEquals(Capabilities.NONE, Decision.of(EVERYTHING, Choice.NOTHING, ALL).granted());
    }

    @Test
    void grantsNothingThatWasNotAskedFor() {
        Decision decision = Decision.of(Capabilities.NONE, yes(Map.of("work", Path.of("/w"))), ALL);
        assertEquals(Capabilities.NONE, decision.granted());
        assertTrue(decision.folders().isEmpty());
    }

    @Test
    void grantsWhatWasAskedForAndChosen() {
        Decision decision = Decision.of(EVERYTHING, yes(Map.of("work", Path.of("/w"))), ALL);
        assertEquals(EVERYTHING.network(), decision.granted().network());
        assertEquals(Clipboard.BOTH, decision.granted().clipboard());
        assertEquals(
                List.of("work"),
                decision.granted().folders().stream().map(FolderRequest::name).toList());
        assertEquals(Map.of("work", Path.of("/w")), decision.folders());
    }

    @Test
    void grantsNothingThatThisVersionCannotGive() {
        assertEquals(
                Capabilities.NONE,
                Decision.of(
                                EVERYTHING,
                                yes(Map.of("work", Path.of("/w"))),
                                new Abilities(false, false, false, false, false))
                        .granted());
    }

    @Test
    void remembersForThePublisherAndTheSameSetOnly() throws Exception {
        GrantStore grants = new GrantStore(ArcletHome.at(dir));
        grants.remember(ONE, spec(EVERYTHING, 256), yes(Map.of()));
        assertTrue(grants.find(ONE, spec(EVERYTHING, 256)).isPresent());
        assertTrue(grants.find(ONE, spec(EVERYTHING, 128)).isPresent());
        assertTrue(grants.find(ONE, spec(EVERYTHING, 512)).isEmpty(), "more memory");
        assertTrue(grants.find(TWO, spec(EVERYTHING, 256)).isEmpty(), "other publisher");
        assertTrue(grants.find(ONE, spec(Capabilities.NONE, 64)).isEmpty(), "other set");
        Capabilities wider =
                new Capabilities(
                        network("*"),
                        EVERYTHING.clipboard(),
                        EVERYTHING.audio(),
                        EVERYTHING.folders(),
                        EVERYTHING.ports());
        assertTrue(grants.find(ONE, spec(wider, 64)).isEmpty(), "wider rule");
        grants.forget(ONE);
        assertTrue(grants.find(ONE, spec(EVERYTHING, 256)).isEmpty());
    }

    @Test
    void tellsSetsApartWhoseWordsImitateEachOther() throws Exception {
        GrantStore grants = new GrantStore(ArcletHome.at(dir));
        Capabilities one = folders(new FolderRequest("a", false, "x\"},{\"name\":\"b"));
        Capabilities two =
                folders(new FolderRequest("a", false, "x"), new FolderRequest("b", false, ""));
        grants.remember(ONE, spec(one, 64), yes(Map.of()));
        assertTrue(grants.find(ONE, spec(two, 64)).isEmpty());
    }

    @Test
    void asksAgainWhenItsFileIsDamaged() throws Exception {
        ArcletHome home = ArcletHome.at(dir);
        GrantStore grants = new GrantStore(home);
        grants.remember(ONE, spec(EVERYTHING, 256), yes(Map.of()));
        Files.writeString(home.grants().resolve(ONE + ".json"), "{\"publisher\":");
        assertTrue(grants.find(ONE, spec(EVERYTHING, 256)).isEmpty());
        grants.remember(ONE, spec(EVERYTHING, 256), yes(Map.of()));
        assertTrue(grants.find(ONE, spec(EVERYTHING, 256)).isPresent());
    }

    @Test
    void namesEverythingThatIsAskedFor() {
        List<String> kinds =
                CapabilityText.describe(spec(EVERYTHING, 256), Abilities.CURRENT).stream()
                        .map(CapabilityText.Item::kind)
                        .toList();
        assertEquals(
                List.of(
                        "memory",
                        "cpus",
                        "network",
                        "clipboard",
                        "audio",
                        "folder",
                        "folder",
                        "port"),
                kinds);
    }

    @Test
    void writesSizesForPeople() {
        assertEquals("0 bytes", CapabilityText.bytes(0));
        assertEquals("1 KiB", CapabilityText.bytes(1024));
        assertEquals("1.5 MiB", CapabilityText.bytes(3 << 19));
        assertEquals("256 MiB", CapabilityText.bytes(256 << 20));
        assertEquals("2 GiB", CapabilityText.bytes(2L << 30));
    }
}
