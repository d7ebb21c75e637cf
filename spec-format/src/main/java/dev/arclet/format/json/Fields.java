package dev.arclet.format.json;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A JSON object read member by member; every failure names the document and the member's path.
 * Members that nobody asked for are known in the end, so that a caller can refuse them.
 */
public final class Fields {
    private final ObjectNode node;
    private final String document;
    private final String path;
    private final Set<String> asked = new LinkedHashSet<>();

    private Fields(ObjectNode node, String document, String path) {
        this.node = node;
        this.document = document;
        this.path = path;
    }

    /**
     * @param document what the whole is, for messages
     */
    public static Fields of(ObjectNode root, String document) {
        return new Fields(root, document, "");
    }

    /** A failure at a member of this object. */
    public SpecException problem(String member, String reason) {
        return new SpecException(
                "read",
                document,
                (at(member).isEmpty() ? "" : "\"" + at(member) + "\" ") + reason,
                "Correct it at its source, or update Arclet if the document is newer than this"
                        + " program");
    }

    private String at(String member) {
        return path.isEmpty() || member.isEmpty() ? path + member : path + "." + member;
    }

    public boolean has(String member) {
        asked.add(member);
        return node.has(member);
    }

    private JsonNode required(String member) throws SpecException {
        asked.add(member);
        JsonNode value = node.get(member);
        if (value == null) {
            throw problem(member, "is missing");
        }
        return value;
    }

    public String string(String member) throws SpecException {
        JsonNode value = required(member);
        if (!value.isString()) {
            throw problem(member, "is not a string");
        }
        return value.stringValue();
    }

    public Optional<String> optionalString(String member) throws SpecException {
        return has(member) ? Optional.of(string(member)) : Optional.empty();
    }

    public long integer(String member) throws SpecException {
        JsonNode value = required(member);
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw problem(member, "is not an integer");
        }
        return value.longValue();
    }

    /** An integer within bounds, both included. */
    public long integer(String member, long min, long max) throws SpecException {
        long value = integer(member);
        if (value < min || value > max) {
            throw problem(member, "is " + value + "; it must be from " + min + " to " + max);
        }
        return value;
    }

    public boolean bool(String member) throws SpecException {
        JsonNode value = required(member);
        if (!value.isBoolean()) {
            throw problem(member, "is neither true nor false");
        }
        return value.booleanValue();
    }

    public Digest digest(String member) throws SpecException {
        return Digest.parse(string(member));
    }

    /** One of an enumeration's text forms. */
    public <E extends Enum<E>> E choice(String member, Class<E> type) throws SpecException {
        return choice(member, string(member), type);
    }

    private <E extends Enum<E>> E choice(String member, String text, Class<E> type)
            throws SpecException {
        Optional<E> value = EnumText.parse(type, text);
        if (value.isEmpty()) {
            throw problem(
                    member,
                    "is \""
                            + text
                            + "\"; this version knows "
                            + Arrays.stream(type.getEnumConstants())
                                    .map(EnumText::of)
                                    .collect(Collectors.joining(", ")));
        }
        return value.get();
    }

    public <E extends Enum<E>> List<E> choices(String member, Class<E> type, int max)
            throws SpecException {
        List<E> out = new ArrayList<>();
        for (String text : strings(member, max)) {
            out.add(choice(member, text, type));
        }
        return out;
    }

    public Fields object(String member) throws SpecException {
        if (required(member) instanceof ObjectNode child) {
            return new Fields(child, document, at(member));
        }
        throw problem(member, "is not an object");
    }

    public Optional<Fields> optionalObject(String member) throws SpecException {
        return has(member) ? Optional.of(object(member)) : Optional.empty();
    }

    /**
     * The elements of an array of objects.
     *
     * @param max most elements accepted
     */
    public List<Fields> objects(String member, int max) throws SpecException {
        List<Fields> out = new ArrayList<>();
        int i = 0;
        for (JsonNode element : array(member, max)) {
            String where = at(member) + "[" + i++ + "]";
            if (!(element instanceof ObjectNode child)) {
                throw problem(member, "holds something that is not an object");
            }
            out.add(new Fields(child, document, where));
        }
        return out;
    }

    public List<String> strings(String member, int max) throws SpecException {
        List<String> out = new ArrayList<>();
        for (JsonNode element : array(member, max)) {
            if (!element.isString()) {
                throw problem(member, "holds something that is not a string");
            }
            out.add(element.stringValue());
        }
        return out;
    }

    /** A map from names to objects, in the document's order. */
    public Map<String, Fields> members(int max) throws SpecException {
        if (node.size() > max) {
            throw problem("", "has " + node.size() + " members; the limit is " + max);
        }
        Map<String, Fields> out = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            out.put(member.getKey(), object(member.getKey()));
        }
        return out;
    }

    private List<JsonNode> array(String member, int max) throws SpecException {
        JsonNode value = required(member);
        if (!value.isArray()) {
            throw problem(member, "is not a list");
        }
        if (value.size() > max) {
            throw problem(member, "has " + value.size() + " elements; the limit is " + max);
        }
        return List.copyOf(value.values());
    }

    /** Refuses members that nothing has asked for. */
    public void refuseUnknown() throws SpecException {
        for (Map.Entry<String, JsonNode> member : node.properties()) {
            if (!asked.contains(member.getKey())) {
                throw problem(
                        member.getKey(), "is unknown here; known are " + String.join(", ", asked));
            }
        }
    }
}
