package dev.arclet.format.json;

import dev.arclet.format.SpecException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * JSON (RFC 8259) narrowed until every document has one reading: UTF-8 without a byte order mark,
 * no duplicate member, no trailing text, depth at most 16, integers only and within ±(2^53-1), no
 * unpaired surrogate. Size is checked before a byte is parsed.
 */
public final class StrictJson {
    /** Largest document of any kind, in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    /** Deepest nesting of arrays and objects. */
    public static final int MAX_DEPTH = 16;

    /** Integers beyond this lose precision in common readers (RFC 8259 section 6). */
    public static final long MAX_INTEGER = (1L << 53) - 1;

    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(MAX_DEPTH)
                                                    .maxNumberLength(20)
                                                    .maxNameLength(1024)
                                                    .maxStringLength(2 * MAX_BYTES)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private static final String NEXT =
            "Ask the publisher to build and publish it again, or fetch it again if the transfer may"
                    + " have failed";

    private StrictJson() {}

    /** Parses a document of at most {@link #MAX_BYTES}. */
    public static ObjectNode parse(byte[] bytes, String document) throws SpecException {
        return parse(bytes, document, MAX_BYTES);
    }

    /**
     * Parses a document whose top level is an object.
     *
     * @param document what it is, for messages
     * @param maxBytes largest size accepted
     */
    public static ObjectNode parse(byte[] bytes, String document, int maxBytes)
            throws SpecException {
        if (bytes.length > maxBytes) {
            throw bad(document, "it has " + bytes.length + " bytes; the limit is " + maxBytes);
        }
        String text;
        try {
            text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT)
                            .decode(ByteBuffer.wrap(bytes))
                            .toString();
        } catch (CharacterCodingException e) {
            throw new SpecException("read", document, "it is not UTF-8", NEXT, e);
        }
        JsonNode node;
        try {
            node = MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw new SpecException(
                    "read",
                    document,
                    "it is not strict JSON (" + e.getOriginalMessage() + ")",
                    NEXT,
                    e);
        }
        if (!(node instanceof ObjectNode object)) {
            throw bad(document, "its top level is not a JSON object");
        }
        check(object, document);
        return object;
    }

    private static void check(JsonNode node, String document) throws SpecException {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                checkText(member.getKey(), document);
                check(member.getValue(), document);
            }
        } else if (node.isArray()) {
            for (JsonNode element : node.values()) {
                check(element, document);
            }
        } else if (node.isString()) {
            checkText(node.stringValue(), document);
        } else if (node.isNumber()) {
            boolean exact = node.isIntegralNumber() && node.canConvertToLong();
            if (!exact || Math.abs(node.longValue()) > MAX_INTEGER) {
                throw bad(document, "the number " + node + " is not an integer within 2^53-1");
            }
        }
    }

    private static void checkText(String text, String document) throws SpecException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw bad(document, "a string in it has an unpaired surrogate");
            }
        }
    }

    /** An empty object to fill; members keep the order of insertion. */
    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** UTF-8, no white space, members in their order of insertion. */
    public static byte[] write(ObjectNode object) {
        return MAPPER.writeValueAsBytes(object);
    }

    private static SpecException bad(String document, String reason) {
        return new SpecException("read", document, reason, NEXT);
    }
}
