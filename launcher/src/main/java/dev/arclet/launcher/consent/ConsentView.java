package dev.arclet.launcher.consent;

import dev.arclet.format.json.StrictJson;
import dev.arclet.format.model.Spec;
import dev.arclet.format.verify.VerifiedArclet;
import dev.arclet.launcher.policy.Abilities;
import dev.arclet.launcher.policy.CapabilityText;
import dev.arclet.launcher.run.Resolved;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is asked of the user, all of it from the signed spec: for the consent page as JSON, for the
 * terminal as lines.
 */
public final class ConsentView {
    private ConsentView() {}

    /** How sure the publisher's identity is, in words. */
    public static String trust(VerifiedArclet verified) {
        return switch (verified.trust()) {
            case LINK -> "The link names this publisher, and their keys signed this machine.";
            case PINNED ->
                    "This is the publisher you met here before, and their keys signed this machine.";
            case FIRST_USE ->
                    "First visit: the server alone says who publishes this. From now on a change"
                            + " of publisher will be refused.";
            case EXACT ->
                    "The link names exactly this machine, and its publisher's keys signed it.";
            case EXACT_UNCONFIRMED ->
                    "The link names exactly this machine. Who published it could not be confirmed.";
        };
    }

    /** Whether the publisher is new here, in words. */
    public static String seen(Resolved resolved) {
        return resolved.knownSince()
                .map(
                        t ->
                                "You have run machines of this publisher since "
                                        + t.atZone(ZoneOffset.UTC).toLocalDate()
                                        + ".")
                .orElse("You have not run anything of this publisher on this computer before.");
    }

    /** For the consent page. */
    public static ObjectNode json(Resolved resolved, Abilities able, boolean allowed) {
        VerifiedArclet verified = resolved.verified();
        Spec spec = verified.spec();
        ObjectNode o = StrictJson.object();
        o.put("state", "asking");
        o.put("link", verified.link().location());
        o.put("title", spec.title());
        o.put("name", spec.name());
        o.put("version", spec.version());
        o.put("description", spec.description());
        o.put("publisherId", verified.publisher().grouped());
        o.put("publisherName", spec.publisher().name());
        o.put("trust", trust(verified));
        o.put("trustLevel", verified.trust().name());
        o.put("seen", seen(resolved));
        o.put("known", resolved.knownSince().isPresent());
        o.put("fresh", verified.fresh());
        o.put("missing", resolved.missing());
        o.put("download", CapabilityText.bytes(resolved.missing()));
        o.put("allowed", allowed);
        ArrayNode asks = o.putArray("asks");
        for (CapabilityText.Item item : CapabilityText.describe(spec, able)) {
            asks.addObject()
                    .put("kind", item.kind())
                    .put("text", item.text())
                    .put("grantable", item.grantable())
                    .put("available", item.available());
        }
        return o;
    }

    /** For a terminal. */
    public static List<String> lines(Resolved resolved, Abilities able) {
        VerifiedArclet verified = resolved.verified();
        Spec spec = verified.spec();
        List<String> out = new ArrayList<>();
        out.add(spec.title() + " (" + spec.name() + " " + spec.version() + ")");
        out.add("publisher: " + spec.publisher().name());
        out.add("           " + verified.publisher().grouped());
        out.add(trust(verified));
        out.add(seen(resolved));
        if (!verified.fresh()) {
            out.add("Could not check whether a newer version, or a revocation, exists.");
        }
        out.add("asks for:");
        for (CapabilityText.Item item : CapabilityText.describe(spec, able)) {
            out.add(
                    "  "
                            + item.text()
                            + (item.available()
                                    ? ""
                                    : " (this version of Arclet cannot give that)"));
        }
        out.add("to fetch: " + CapabilityText.bytes(resolved.missing()));
        return out;
    }
}
