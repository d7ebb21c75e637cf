package dev.arclet.emulator.cpu.decode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The opcode chart (opcodes.txt), unfolded for direct lookup: mode, map, opcode, mandatory prefix,
 * and the ModRM byte where that matters.
 *
 * <p>If several lines fit, the one that says more about prefix, then ModRM, then opcode wins; two
 * equal ones are an error in the chart.
 */
final class OpcodeTable {
    /** Maps: one-byte opcodes, 0F, 0F 38, 0F 3A. */
    static final int MAPS = 4;

    private static final Pattern LINE =
            Pattern.compile(
                    "(?<prefix>NP |NF |66 |F3 |F2 |   )"
                            + "(?<opcode>[0-9A-F]{2}(?: [0-9A-F]{2})*)(?<range>\\+r|\\+cc|\\+i)?"
                            + "(?: /(?<digit>[0-7]))?(?: (?<mod>[mr]))? +"
                            + "(?<mnemonic>[A-Z][A-Z0-9_/]*)(?<operands>(?: +[A-Za-z0-9]+)*)"
                            + "(?: +; (?<attributes>[a-z0-9 ]+))?");

    /** The table, shared by all decoders. */
    static final OpcodeTable INSTANCE = load();

    /** What is known of an opcode before its ModRM byte. */
    static final class Cell {
        private static final Cell EMPTY = new Cell(new Encoding[] {Encoding.INVALID});
        private final Encoding[] byModRm;

        private Cell(Encoding[] byModRm) {
            this.byModRm = byModRm;
        }

        /** Whether the ModRM byte chooses the encoding. */
        boolean isGroup() {
            return byModRm.length > 1;
        }

        /** The encoding, if this is no group. */
        Encoding single() {
            return byModRm[0];
        }

        /** The encoding for a ModRM byte 0..255 of a group. */
        Encoding select(int modRm) {
            return byModRm[modRm];
        }
    }

    /** One line of the chart, before it is unfolded. Two lines are never equal. */
    private static final class Line {
        final String text;
        int prefixes;
        int prefixRank;
        int map;
        int opcode;
        boolean opcodeRange;
        int[] modRms = {};
        int modRmRank;
        boolean legacyMode;
        boolean longMode;
        Encoding encoding = Encoding.INVALID;

        Line(String text) {
            this.text = text;
        }

        int rank() {
            return prefixRank * 100 + modRmRank * 10 + (opcodeRange ? 0 : 1);
        }
    }

    private final Cell[] cells = new Cell[2 * MAPS * 256 * 4];

    private OpcodeTable(List<Line> lines) {
        List<List<Line>> byPlace = new ArrayList<>(Collections.nCopies(cells.length, null));
        for (Line line : lines) {
            for (int mode = 0; mode < 2; mode++) {
                if (mode == 0 ? !line.legacyMode : !line.longMode) {
                    continue;
                }
                for (int prefix = 0; prefix < 4; prefix++) {
                    if ((line.prefixes >> prefix & 1) != 0) {
                        int place = place(mode, line.map, line.opcode, prefix);
                        List<Line> candidates = byPlace.get(place);
                        if (candidates == null) {
                            candidates = new ArrayList<>(4);
                            byPlace.set(place, candidates);
                        }
                        candidates.add(line);
                    }
                }
            }
        }
        // Most opcodes are the same for several prefixes and in both modes.
        Map<List<Line>, Cell> known = new HashMap<>();
        for (int place = 0; place < cells.length; place++) {
            List<Line> candidates = byPlace.get(place);
            Cell cell = candidates == null ? Cell.EMPTY : known.get(candidates);
            if (cell == null) {
                cell = cell(candidates);
                known.put(candidates, cell);
            }
            cells[place] = cell;
        }
    }

    /**
     * The cell of an opcode.
     *
     * @param longMode whether in 64-bit mode
     * @param map 0..3: one-byte, 0F, 0F 38, 0F 3A
     * @param opcode 0..255
     * @param prefix 0 none, 1 66, 2 F3, 3 F2
     */
    Cell cell(boolean longMode, int map, int opcode, int prefix) {
        return cells[place(longMode ? 1 : 0, map, opcode, prefix)];
    }

    private static int place(int mode, int map, int opcode, int prefix) {
        return ((mode * MAPS + map) * 256 + opcode) * 4 + prefix;
    }

    private static Cell cell(List<Line> candidates) {
        boolean group = false;
        for (Line line : candidates) {
            group |= line.modRmRank > 0;
        }
        Line[] best = new Line[group ? 256 : 1];
        for (Line line : candidates) {
            if (group) {
                for (int modRm : line.modRms) {
                    best[modRm] = better(best[modRm], line);
                }
            } else {
                best[0] = better(best[0], line);
            }
        }
        Encoding[] encodings = new Encoding[best.length];
        for (int i = 0; i < best.length; i++) {
            encodings[i] = best[i] == null ? Encoding.INVALID : best[i].encoding;
        }
        return new Cell(encodings);
    }

    private static Line better(Line one, Line other) {
        if (one == null || other.rank() > one.rank()) {
            return other;
        }
        if (other.rank() == one.rank()) {
            throw new IllegalStateException(
                    "opcode chart: \"" + one.text + "\" and \"" + other.text + "\" overlap");
        }
        return one;
    }

    private static OpcodeTable load() {
        List<Line> lines = new ArrayList<>();
        try (InputStream stream = OpcodeTable.class.getResourceAsStream("opcodes.txt")) {
            if (stream == null) {
                throw new IllegalStateException("opcodes.txt is missing from the class path");
            }
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                if (!text.isEmpty() && text.charAt(0) != '#') {
                    parse(text, lines);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the opcode chart", e);
        }
        return new OpcodeTable(lines);
    }

    private static void parse(String text, List<Line> lines) {
        Matcher matcher = LINE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalStateException("opcode chart: cannot read \"" + text + "\"");
        }
        int[] bytes = hexBytes(matcher.group("opcode"));
        int map = 0;
        int at = 0;
        if (bytes[0] == 0x0F) {
            map = bytes[1] == 0x38 ? 2 : bytes[1] == 0x3A ? 3 : 1;
            at = map == 1 ? 1 : 2;
        }
        boolean fixedModRm = bytes.length > at + 1;
        String range = matcher.group("range");
        int count = range == null ? 1 : range.equals("+cc") ? 16 : 8;

        List<Mnemonic> mnemonics = new ArrayList<>();
        for (String name : matcher.group("mnemonic").split("/", -1)) {
            mnemonics.add(Mnemonic.valueOf(name));
        }
        List<OperandCode> operands = new ArrayList<>();
        for (String code : words(matcher.group("operands"))) {
            operands.add(OperandCode.parse(code));
        }
        Set<String> attributes = new HashSet<>(words(matcher.group("attributes")));

        int[] modRms;
        int modRmRank;
        if (fixedModRm) {
            modRms = range(bytes[at + 1], bytes[at + 1] + count);
            modRmRank = 3;
        } else {
            String digit = matcher.group("digit");
            boolean memoryOnly = "m".equals(matcher.group("mod"));
            boolean registerOnly = "r".equals(matcher.group("mod"));
            for (OperandCode operand : operands) {
                memoryOnly |= operand.method() == OperandCode.Method.M;
                registerOnly |=
                        operand.method() == OperandCode.Method.U
                                || operand.method() == OperandCode.Method.N;
            }
            modRms = modRms(digit, memoryOnly, registerOnly);
            modRmRank = (digit == null ? 0 : 1) + (memoryOnly || registerOnly ? 1 : 0);
        }
        boolean modRm = modRmRank > 0;
        for (OperandCode operand : operands) {
            modRm |= operand.method().modRm();
        }
        String prefix = matcher.group("prefix").strip();
        for (int i = 0; i < (fixedModRm ? 1 : count); i++) {
            Line line = new Line(text);
            line.prefixes = prefixes(prefix);
            line.prefixRank = prefix.isEmpty() ? 0 : prefix.equals("NF") ? 1 : 2;
            line.map = map;
            line.opcode = bytes[at] + i;
            line.opcodeRange = count > 1 && !fixedModRm;
            line.modRms = modRms;
            line.modRmRank = modRmRank;
            line.legacyMode = !attributes.contains("o64");
            line.longMode = !attributes.contains("i64");
            if (mnemonics.get(0) != Mnemonic.INVALID) {
                line.encoding =
                        Encoding.of(
                                mnemonics,
                                operands,
                                modRm,
                                prefix.equals("66"),
                                attributes,
                                count == 16 ? i : 0);
            }
            lines.add(line);
        }
    }

    private static int[] hexBytes(String text) {
        int[] bytes = new int[(text.length() + 1) / 3];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Integer.parseInt(text, 3 * i, 3 * i + 2, 16);
        }
        return bytes;
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringTokenizer tokens = new StringTokenizer(text == null ? "" : text);
        while (tokens.hasMoreTokens()) {
            words.add(tokens.nextToken());
        }
        return words;
    }

    private static int prefixes(String prefix) {
        return switch (prefix) {
            case "NP" -> 1;
            case "66" -> 2;
            case "F3" -> 4;
            case "F2" -> 8;
            case "NF" -> 3;
            default -> 15;
        };
    }

    /** The ModRM bytes that fit. */
    private static int[] modRms(String digit, boolean memoryOnly, boolean registerOnly) {
        int[] all = range(registerOnly ? 0xC0 : 0, memoryOnly ? 0xC0 : 0x100);
        if (digit == null) {
            return all;
        }
        int[] fitting = new int[all.length / 8];
        int n = 0;
        for (int modRm : all) {
            if ((modRm >> 3 & 7) == digit.charAt(0) - '0') {
                fitting[n++] = modRm;
            }
        }
        return fitting;
    }

    private static int[] range(int first, int behind) {
        int[] numbers = new int[behind - first];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = first + i;
        }
        return numbers;
    }
}
