package dev.arclet.format.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.Arch;
import dev.arclet.format.model.Audio;
import dev.arclet.format.model.BootDevice;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.Clipboard;
import dev.arclet.format.model.Descriptor;
import dev.arclet.format.model.Device;
import dev.arclet.format.model.Disk;
import dev.arclet.format.model.DiskBus;
import dev.arclet.format.model.DiskKind;
import dev.arclet.format.model.Display;
import dev.arclet.format.model.FirmwareBoot;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.KernelBoot;
import dev.arclet.format.model.Layer;
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
import dev.arclet.format.model.Writes;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class SpecJsonTest {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private static Descriptor blob(String type, long size) {
        return new Descriptor(type, Digest.of(type.getBytes(UTF_8)), size);
    }

    static Spec kernelSpec() {
        Layer layer = new Layer(blob(MediaTypes.LAYER_INDEX, 500), 1 << 20, 70_000);
        return new Spec(
                "full-vm",
                "1.2-rc1",
                "Ein Gerät für alle",
                "Line one\nline two",
                new Publisher(PublisherId.ofFirstRoot(new byte[1]), "Müller & Söhne"),
                new Machine(
                        Arch.X86_64,
                        256L << 20,
                        2,
                        Optional.of(new Display(1024, 768)),
                        List.of(Device.VIRTIO_NET, Device.VIRTIO_9P)),
                new KernelBoot(
                        blob(MediaTypes.KERNEL, 5_000_000),
                        Optional.of(blob(MediaTypes.INITRD, 900)),
                        "console=ttyS0 \"quoted\""),
                List.of(
                        new Disk(
                                "root",
                                DiskKind.DISK,
                                DiskBus.VIRTIO,
                                List.of(layer, layer),
                                Writes.KEEP),
                        new Disk(
                                "cd",
                                DiskKind.CDROM,
                                DiskBus.IDE,
                                List.of(layer),
                                Writes.READ_ONLY),
                        new Disk(
                                "a",
                                DiskKind.FLOPPY,
                                DiskBus.FLOPPY,
                                List.of(layer),
                                Writes.DISCARD)),
                new Capabilities(
                        new Network(
                                NetworkMode.USER,
                                List.of(
                                        new NetworkRule(Protocol.TCP, "*.example.org", 80, 443),
                                        new NetworkRule(Protocol.UDP, "*", 53, 53),
                                        new NetworkRule(Protocol.TCP, "2001:db8::1", 1, 65535),
                                        new NetworkRule(Protocol.ICMP, "192.0.2.1", 0, 0))),
                        Clipboard.BOTH,
                        Audio.OUTPUT,
                        List.of(new FolderRequest("docs", false, "To read")),
                        List.of(new PortRequest(Protocol.TCP, 8080, "A page"))),
                Optional.of(blob(MediaTypes.PNG, 4000)),
                List.of("machine.memory", "capabilities.network"));
    }

    static Spec firmwareSpec() {
        Spec k = kernelSpec();
        return new Spec(
                "tiny",
                "1",
                "T",
                "",
                k.publisher(),
                new Machine(Arch.I386, 1 << 20, 1, Optional.empty(), List.of()),
                new FirmwareBoot(
                        blob(MediaTypes.FIRMWARE, 262_144),
                        Optional.of(blob(MediaTypes.VGA_BIOS, 39_000)),
                        List.of(BootDevice.FLOPPY, BootDevice.CDROM)),
                List.of(),
                Capabilities.NONE,
                Optional.empty(),
                List.of());
    }

    private static ObjectNode json(Spec spec) {
        return (ObjectNode) MAPPER.readTree(SpecJson.write(spec));
    }

    private static Spec parse(JsonNode node) throws SpecException {
        return SpecJson.parse(MAPPER.writeValueAsBytes(node));
    }

    @Test
    void specsComeBackEqual() throws Exception {
        for (Spec spec : List.of(kernelSpec(), firmwareSpec())) {
            byte[] bytes = SpecJson.write(spec);
            assertEquals(spec, SpecJson.parse(bytes));
            assertArrayEquals(bytes, SpecJson.write(SpecJson.parse(bytes)));
        }
    }

    @Test
    void messagesNameActionObjectCauseAndNextStep() {
        ObjectNode o = json(kernelSpec());
        ((ObjectNode) o.get("machine")).put("memory", 5);
        SpecException e = assertThrows(SpecException.class, () -> parse(o));
        assertEquals("accept", e.action());
        assertEquals("the spec", e.object());
        assertTrue(e.reason().contains("machine.memory"), e.reason());
        assertTrue(e.getMessage().endsWith("."), e.getMessage());
        assertTrue(e.getMessage().contains(e.nextStep()), e.getMessage());
    }

    @Test
    void hostileTextCannotDisguiseAMessage() {
        ObjectNode o = json(kernelSpec());
        o.put("name", "x\u001b[31m\n\u202egnp");
        String message = assertThrows(SpecException.class, () -> parse(o)).getMessage();
        assertTrue(message.chars().noneMatch(c -> c < ' ' || c == 0x202e), message);
        o.put("name", "y".repeat(500_000));
        assertTrue(assertThrows(SpecException.class, () -> parse(o)).getMessage().length() < 2000);
    }

    @Test
    void documentsThatAreNotStrictJsonAreRefused() {
        String good = new String(SpecJson.write(firmwareSpec()), UTF_8);
        String inner = good.substring(0, good.length() - 1);
        List<String> bad =
                List.of(
                        "",
                        " ",
                        "null",
                        "[]",
                        "\"x\"",
                        inner,
                        good + "x",
                        good + "{}",
                        inner + ",\"name\":\"other\"}",
                        inner + ",\"x\":{\"a\":1,\"a\":1}}",
                        inner + ",\"x\":1.5}",
                        inner + ",\"x\":1e3}",
                        inner + ",\"x\":9007199254740992}",
                        inner + ",\"x\":123456789012345678901234567890}",
                        inner + ",\"x\":\"\\ud800\"}",
                        inner + ",\"\\udc00\":1}",
                        inner + ",\"x\":NaN}",
                        inner + ",\"x\":'a'}",
                        inner + ",/* c */\"x\":1}",
                        inner + ",}",
                        inner + ",\"x\":" + "[".repeat(16) + "]".repeat(16) + "}",
                        "\uFEFF" + good);
        for (String text : bad) {
            assertThrows(SpecException.class, () -> SpecJson.parse(text.getBytes(UTF_8)), text);
        }
        assertThrows(
                SpecException.class, () -> SpecJson.parse(good.getBytes(StandardCharsets.UTF_16)));
        byte[] invalid = good.getBytes(UTF_8);
        invalid[good.indexOf("\"T\"") + 1] = (byte) 0xC0;
        assertThrows(SpecException.class, () -> SpecJson.parse(invalid));
        assertThrows(SpecException.class, () -> SpecJson.parse(new byte[(1 << 20) + 1]));
        byte[] bomb = "[".repeat(1 << 20).getBytes(UTF_8);
        assertThrows(SpecException.class, () -> SpecJson.parse(bomb));
    }

    @Test
    void depthSixteenIsTheLastThatIsRead() throws Exception {
        String good = new String(SpecJson.write(firmwareSpec()), UTF_8);
        String inner = good.substring(0, good.length() - 1);
        String deepest = inner + ",\"x\":" + "[".repeat(15) + "]".repeat(15) + "}";
        assertEquals(firmwareSpec(), SpecJson.parse(deepest.getBytes(UTF_8)));
    }

    @Test
    void unknownMembersAreSkippedUnlessCritical() throws Exception {
        ObjectNode o = json(firmwareSpec());
        o.put("snapshot", 7);
        ((ObjectNode) o.get("machine")).putObject("tpm").put("version", 2);
        assertEquals(firmwareSpec(), parse(o));
        for (String name : List.of("snapshot", "machine.tpm", "machine.", "", "Name", "boot.*")) {
            ObjectNode c = o.deepCopy();
            c.putArray("critical").add("machine").add(name);
            SpecException e = assertThrows(SpecException.class, () -> parse(c));
            assertTrue(e.reason().contains("\"" + name + "\""), e.reason());
        }
        o.putArray("critical").add("machine").add("machine");
        assertThrows(SpecException.class, () -> parse(o));
    }

    @ParameterizedTest
    @CsvSource({
        "mediaType, application/vnd.arclet.spec.v2+json",
        "mediaType, text/plain",
        "boot.kernel.mediaType, application/vnd.arclet.initrd.v1",
        "disks.0.layers.0.index.mediaType, application/vnd.arclet.layer.v2.index",
        "screenshot.mediaType, image/svg+xml",
        "machine.arch, arm64",
        "machine.arch, I386",
        "disks.0.kind, tape",
        "disks.0.writes, READ_ONLY",
        "capabilities.network.mode, bridge",
        "capabilities.clipboard, everything"
    })
    void unknownTypesAndChoicesAreRefusedByName(String path, String value) {
        ObjectNode o = json(kernelSpec());
        set(o, path, MAPPER.getNodeFactory().stringNode(value));
        SpecException e = assertThrows(SpecException.class, () -> parse(o));
        assertTrue(e.reason().contains(value), e.reason());
    }

    @Test
    void anotherFormatVersionIsRefusedByName() {
        ObjectNode o = json(kernelSpec());
        o.put("formatVersion", 2);
        assertTrue(assertThrows(SpecException.class, () -> parse(o)).reason().contains("is 2"));
    }

    private static void set(ObjectNode root, String path, JsonNode value) {
        String[] steps = path.split("\\.", -1);
        JsonNode at = root;
        for (int i = 0; i < steps.length - 1; i++) {
            at = at.isArray() ? at.get(Integer.parseInt(steps[i])) : at.get(steps[i]);
        }
        String last = steps[steps.length - 1];
        if (at instanceof ArrayNode array) {
            array.set(Integer.parseInt(last), value);
        } else {
            ((ObjectNode) at).set(last, value);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name=\"../x\"",
                "name=\"a/b\"",
                "name=\"-a\"",
                "name=\"\"",
                "version=\"\"",
                "version=\"1 2\"",
                "title=\"\"",
                "title=\" x\"",
                "title=\"a\\nb\"",
                "title=\"a\\u202eb\"",
                "title=\"a\\u0000b\"",
                "publisher.id=\"abc\"",
                "publisher.name=\"\"",
                "machine.memory=0",
                "machine.memory=-1048576",
                "machine.memory=1048577",
                "machine.memory=9007199254740991",
                "machine.memory=\"256M\"",
                "machine.cpus=0",
                "machine.cpus=33",
                "machine.cpus=4294967297",
                "machine.display.width=0",
                "machine.display.height=100000",
                "machine.devices=[\"ac97\",\"ac97\"]",
                "boot.kernel.size=0",
                "boot.kernel.size=268435457",
                "boot.kernel.size=-1",
                "boot.kernel.digest=\"sha256:00\"",
                "boot.kernel.digest=\"md5:00\"",
                "boot.commandLine=\"a\\nb\"",
                "boot.firmware={}",
                "boot.order=[\"disk\"]",
                "disks.0.name=\"../../etc\"",
                "disks.1.name=\"root\"",
                "disks.1.writes=\"keep\"",
                "disks.1.bus=\"virtio\"",
                "disks.2.bus=\"ide\"",
                "disks.0.layers=[]",
                "disks.0.layers.0.diskSize=4097",
                "disks.0.layers.0.diskSize=0",
                "disks.0.layers.0.diskSize=4398046511104",
                "disks.0.layers.0.packedSize=-1",
                "capabilities.network.mode=\"none\"",
                "capabilities.network.allow.0.host=\"a b\"",
                "capabilities.network.allow.0.host=\"\"",
                "capabilities.network.allow.0.firstPort=0",
                "capabilities.network.allow.0.lastPort=70000",
                "capabilities.network.allow.0.lastPort=1",
                "capabilities.network.allow.3.lastPort=1",
                "capabilities.folders.0.name=\"/etc\"",
                "capabilities.folders.0.purpose=\"\"",
                "capabilities.ports.0.protocol=\"icmp\"",
                "capabilities.ports.0.guestPort=0",
                "screenshot.size=5000000",
                "critical=\"name\""
            })
    void boundsAreKept(String change) {
        ObjectNode o = json(kernelSpec());
        int equals = change.indexOf('=');
        set(o, change.substring(0, equals), MAPPER.readTree(change.substring(equals + 1)));
        assertThrows(SpecException.class, () -> parse(o));
    }

    @Test
    void listsAreBounded() {
        ObjectNode o = json(kernelSpec());
        JsonNode disk = o.get("disks").get(0);
        ArrayNode disks = o.putArray("disks");
        for (int i = 0; i < 9; i++) {
            ObjectNode copy = (ObjectNode) disk.deepCopy();
            copy.put("name", "d" + i);
            disks.add(copy);
        }
        assertThrows(SpecException.class, () -> parse(o));
        disks.remove(8);
        ArrayNode layers = (ArrayNode) disks.get(0).get("layers");
        while (layers.size() < 9) {
            layers.add(layers.get(0));
        }
        assertThrows(SpecException.class, () -> parse(o));
    }

    private static Schema schema() throws Exception {
        try (InputStream in = SpecJson.class.getResourceAsStream("/schema/spec.v1.schema.json")) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(new String(in.readAllBytes(), UTF_8));
        }
    }

    private static boolean accepts(Schema schema, JsonNode spec) {
        return schema.validate(MAPPER.writeValueAsString(spec), InputFormat.JSON).isEmpty();
    }

    private static boolean parses(JsonNode spec) {
        try {
            parse(spec);
            return true;
        } catch (SpecException e) {
            return false;
        }
    }

    @Test
    void theSchemaHasTheMembersThatTheParserKnows() throws Exception {
        JsonNode root;
        try (InputStream in = SpecJson.class.getResourceAsStream("/schema/spec.v1.schema.json")) {
            root = MAPPER.readTree(in);
        }
        Set<String> found = new HashSet<>();
        collect(root, "", found);
        assertEquals(SpecJson.MEMBERS, found);
        Set<String> critical = new HashSet<>();
        root.get("properties")
                .get("critical")
                .get("items")
                .get("enum")
                .values()
                .forEach(n -> critical.add(n.stringValue()));
        assertEquals(SpecJson.MEMBERS, critical);
    }

    private static void collect(JsonNode schema, String path, Set<String> into) {
        JsonNode properties = schema.get("properties");
        if (properties != null && !properties.has("digest")) {
            for (Map.Entry<String, JsonNode> p : properties.properties()) {
                String at = path.isEmpty() ? p.getKey() : path + "." + p.getKey();
                into.add(at);
                collect(p.getValue(), at, into);
            }
        }
        if (schema.has("items")) {
            collect(schema.get("items"), path, into);
        }
    }

    /**
     * Every member of two whole specs is removed and replaced by values of every kind; schema and
     * parser must agree on each result. What the schema cannot say is listed.
     */
    @Test
    void schemaAndParserAgree() throws Exception {
        Schema schema = schema();
        List<String> differences = new ArrayList<>();
        int tried = 0;
        for (Spec spec : List.of(kernelSpec(), firmwareSpec())) {
            ObjectNode good = json(spec);
            assertTrue(
                    accepts(schema, good), schema.validate(good.toString(), InputFormat.JSON) + "");
            List<String> paths = new ArrayList<>();
            paths(good, "", paths);
            for (String path : paths) {
                for (String value :
                        List.of(
                                "",
                                "null",
                                "true",
                                "[]",
                                "{}",
                                "\"\"",
                                "\"x\"",
                                "\"A b\"",
                                "\"disk\"",
                                "\"none\"",
                                "\"tcp\"",
                                "\"icmp\"",
                                "-1",
                                "0",
                                "1",
                                "2",
                                "4096",
                                "4097",
                                "65535",
                                "65536",
                                "1048576",
                                "4194304",
                                "8388608",
                                "17179869184",
                                "9007199254740991",
                                "[\"x\"]",
                                "[\"disk\"]",
                                "[{}]",
                                "[1]")) {
                    ObjectNode changed = good.deepCopy();
                    if (value.isEmpty()) {
                        if (!remove(changed, path)) {
                            continue;
                        }
                    } else {
                        set(changed, path, MAPPER.readTree(value));
                    }
                    tried++;
                    boolean parsed = parses(changed);
                    if (parsed != accepts(schema, changed) && !beyondSchema(path, value, parsed)) {
                        differences.add(path + "=" + value + " parser says " + parsed);
                    }
                }
            }
        }
        assertEquals(List.of(), differences);
        assertTrue(tried > 2000, "only " + tried + " tried");
    }

    /**
     * Rules that relate two members, which the schema cannot have: then only the parser refuses.
     */
    private static boolean beyondSchema(String path, String value, boolean parsed) {
        return !parsed
                && (path.equals("machine.memory")
                        || path.endsWith("Port") && path.contains("allow")
                        || path.endsWith(".name") && path.startsWith("disks")
                        || path.matches("boot\\.(kernel|initrd)\\.size"));
    }

    private static void paths(JsonNode node, String prefix, List<String> out) {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> e : node.properties()) {
                String at = prefix.isEmpty() ? e.getKey() : prefix + "." + e.getKey();
                out.add(at);
                paths(e.getValue(), at, out);
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                out.add(prefix + "." + i);
                paths(node.get(i), prefix + "." + i, out);
            }
        }
    }

    private static boolean remove(ObjectNode root, String path) {
        int dot = path.lastIndexOf('.');
        JsonNode at = root;
        if (dot >= 0) {
            for (String step : path.substring(0, dot).split("\\.", -1)) {
                at = at.isArray() ? at.get(Integer.parseInt(step)) : at.get(step);
            }
        }
        return at instanceof ObjectNode object && object.remove(path.substring(dot + 1)) != null;
    }
}
