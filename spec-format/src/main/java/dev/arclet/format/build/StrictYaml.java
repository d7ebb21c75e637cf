package dev.arclet.format.build;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * YAML 1.2 narrowed to what a person writes: one document of mappings, lists and scalars. Anchors,
 * aliases, tags and duplicate keys are refused, so nothing can grow or recur; every scalar is kept
 * as the text that was written, so {@code 1.10} stays 1.10.
 */
final class StrictYaml {
    static final int MAX_BYTES = 1 << 18;
    private static final int MAX_NODES = 20_000;

    private final YAMLParser parser;
    private final String document;
    private int nodes;

    private StrictYaml(YAMLParser parser, String document) {
        this.parser = parser;
        this.document = document;
    }

    /**
     * Parses a document whose top level is a mapping.
     *
     * @return the tree; all its scalars are strings
     */
    static ObjectNode parse(byte[] bytes, String document) throws SpecException {
        if (bytes.length > MAX_BYTES) {
            throw problem(document, "it has " + bytes.length + " bytes; the limit is " + MAX_BYTES);
        }
        String text;
        try {
            text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .decode(ByteBuffer.wrap(bytes))
                            .toString();
        } catch (CharacterCodingException e) {
            throw new SpecException("read", document, "it is not UTF-8", next(), e);
        }
        YAMLFactory factory =
                YAMLFactory.builder()
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxNestingDepth(StrictJson.MAX_DEPTH)
                                        .maxNumberLength(MAX_BYTES)
                                        .maxStringLength(MAX_BYTES)
                                        .build())
                        .build();
        try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), text)) {
            return new StrictYaml((YAMLParser) parser, document).root();
        } catch (JacksonException e) {
            throw new SpecException(
                    "read",
                    document,
                    "it is not YAML (" + e.getOriginalMessage() + place(e.getLocation()) + ")",
                    next(),
                    e);
        }
    }

    private static String place(TokenStreamLocation at) {
        return at == null ? "" : ", line " + at.getLineNr();
    }

    private ObjectNode root() throws SpecException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw here("it must begin with a mapping such as \"name: my-vm\"");
        }
        plain();
        ObjectNode root = StrictJson.object();
        fill(root);
        if (parser.nextToken() != null) {
            throw here("it holds more than one document");
        }
        return root;
    }

    private void fill(ObjectNode object) throws SpecException {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            plain();
            String name = parser.currentName();
            if (object.has(name)) {
                throw here("\"" + name + "\" is there twice");
            }
            switch (parser.nextToken()) {
                case START_OBJECT -> {
                    plain();
                    fill(object.putObject(name));
                }
                case START_ARRAY -> {
                    plain();
                    fill(object.putArray(name));
                }
                default -> object.put(name, scalar());
            }
        }
    }

    private void fill(ArrayNode array) throws SpecException {
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
            switch (t) {
                case START_OBJECT -> {
                    plain();
                    fill(array.addObject());
                }
                case START_ARRAY -> {
                    plain();
                    fill(array.addArray());
                }
                default -> array.add(scalar());
            }
        }
    }

    private String scalar() throws SpecException {
        plain();
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            throw here("a value is missing");
        }
        return parser.getString();
    }

    private void plain() throws SpecException {
        if (++nodes > MAX_NODES) {
            throw here("it has more than " + MAX_NODES + " values");
        }
        if (parser.isCurrentAlias() || parser.getObjectId() != null) {
            throw here("it uses an anchor or alias (& or *), which this form does not have");
        }
        if (parser.getTypeId() != null) {
            throw here("it uses a tag (!), which this form does not have");
        }
    }

    private SpecException here(String reason) {
        return problem(
                document, "line " + parser.currentTokenLocation().getLineNr() + ": " + reason);
    }

    private static SpecException problem(String document, String reason) {
        return new SpecException("read", document, reason, next());
    }

    private static String next() {
        return "Correct the file; docs/format.md, section vm.yaml, shows its form";
    }
}
