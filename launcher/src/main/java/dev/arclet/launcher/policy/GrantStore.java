package dev.arclet.launcher.policy;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.json.Fields;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.Capabilities;
import dev.arclet.format.model.FolderRequest;
import dev.arclet.format.model.NetworkRule;
import dev.arclet.format.model.PortRequest;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.store.ArcletHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What users have allowed for good. A grant is for one publisher and exactly one set of
 * capabilities; it covers machines with no more memory and processors than the one it was given
 * for. Anything wider asks again. Never for a web site: those change hands.
 */
public final class GrantStore {
    private static final int MAX_GRANTS = 64;
    private static final int MAX_BYTES = 64 << 10;
    private static final String DOCUMENT = "the file of remembered permissions";

    private final ArcletHome home;

    public GrantStore(ArcletHome home) {
        this.home = home;
    }

    private record Grant(
            String capabilities,
            long memory,
            int cpus,
            boolean network,
            boolean clipboard,
            boolean audio,
            boolean ports) {
        boolean covers(Spec spec) {
            return capabilities.equals(fingerprint(spec))
                    && spec.machine().memory() <= memory
                    && spec.machine().cpus() <= cpus;
        }
    }

    /** The remembered choice for this publisher and this spec's capabilities, if there is one. */
    public Optional<Choice> find(PublisherId publisher, Spec spec) throws IOException {
        return read(publisher).stream()
                .filter(g -> g.covers(spec))
                .findFirst()
                .map(g -> new Choice(g.network, g.clipboard, g.audio, g.ports, Map.of(), true));
    }

    /** Remembers a choice. */
    public synchronized void remember(PublisherId publisher, Spec spec, Choice choice)
            throws IOException {
        List<Grant> grants = new ArrayList<>(read(publisher));
        String fingerprint = fingerprint(spec);
        grants.removeIf(g -> g.capabilities.equals(fingerprint));
        grants.add(
                new Grant(
                        fingerprint,
                        spec.machine().memory(),
                        spec.machine().cpus(),
                        choice.network(),
                        choice.clipboard(),
                        choice.audio(),
                        choice.ports()));
        while (grants.size() > MAX_GRANTS) {
            grants.removeFirst();
        }
        ObjectNode o = StrictJson.object();
        o.put("publisher", publisher.toString());
        ArrayNode list = o.putArray("grants");
        for (Grant g : grants) {
            list.addObject()
                    .put("capabilities", g.capabilities)
                    .put("memory", g.memory)
                    .put("cpus", g.cpus)
                    .put("network", g.network)
                    .put("clipboard", g.clipboard)
                    .put("audio", g.audio)
                    .put("ports", g.ports);
        }
        ArcletHome.writeAtomically(file(publisher), StrictJson.write(o));
    }

    /** Forgets everything allowed to a publisher. */
    public void forget(PublisherId publisher) throws IOException {
        Files.deleteIfExists(file(publisher));
    }

    private Path file(PublisherId publisher) throws IOException {
        return home.grants().resolve(publisher + ".json");
    }

    /** A damaged file grants nothing; the user is simply asked again. */
    private List<Grant> read(PublisherId publisher) throws IOException {
        try {
            Path file = file(publisher);
            if (Files.size(file) > MAX_BYTES) {
                return List.of();
            }
            Fields f = Fields.of(StrictJson.parse(Files.readAllBytes(file), DOCUMENT), DOCUMENT);
            if (!f.string("publisher").equals(publisher.toString())) {
                return List.of();
            }
            List<Grant> out = new ArrayList<>();
            for (Fields g : f.objects("grants", MAX_GRANTS)) {
                out.add(
                        new Grant(
                                g.string("capabilities"),
                                g.integer("memory"),
                                (int) g.integer("cpus"),
                                g.bool("network"),
                                g.bool("clipboard"),
                                g.bool("audio"),
                                g.bool("ports")));
            }
            return out;
        } catch (NoSuchFileException | SpecException e) {
            return List.of();
        }
    }

    /**
     * A digest over an unambiguous encoding of all that the capabilities say, the words shown to
     * the user included.
     */
    private static String fingerprint(Spec spec) {
        Capabilities c = spec.capabilities();
        ObjectNode o = StrictJson.object();
        o.put("network", c.network().mode().name());
        ArrayNode allow = o.putArray("allow");
        for (NetworkRule r : c.network().allow()) {
            allow.addObject()
                    .put("protocol", r.protocol().name())
                    .put("host", r.host())
                    .put("first", r.firstPort())
                    .put("last", r.lastPort());
        }
        o.put("clipboard", c.clipboard().name());
        o.put("audio", c.audio().name());
        ArrayNode folders = o.putArray("folders");
        for (FolderRequest f : c.folders()) {
            folders.addObject()
                    .put("name", f.name())
                    .put("writable", f.writable())
                    .put("purpose", f.purpose());
        }
        ArrayNode ports = o.putArray("ports");
        for (PortRequest r : c.ports()) {
            ports.addObject()
                    .put("protocol", r.protocol().name())
                    .put("port", r.guestPort())
                    .put("purpose", r.purpose());
        }
        return Digest.of(StrictJson.write(o)).hex();
    }
}
