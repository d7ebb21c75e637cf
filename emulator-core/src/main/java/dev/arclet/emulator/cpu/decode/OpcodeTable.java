package dev.arclet.emulator.cpu.decode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /** One line of the chart, before it is unfolded. */
    private record Line(
            String text,
            int prefixes,
            int prefixRank,
            int map,
            int opcode,
            boolean opcodeRange,
            boolean[] modRms,
            int modRmRank,
            boolean legacyMode,
            boolean longMode,
            Encoding encoding) {}

    private final Cell[] cells = new Cell[2 * MAPS * 256 * 4];

    private OpcodeTable(List<Line> lines) {
        Map<Integer, List<Line>> byPlace = new HashMap<>();
        for (Line line : lines) {
            for (int mode = 0; mode < 2; mode++) {
                if (mode == 0 ? !line.legacyMode : !line.longMode) {
                    continue;
                }
                for (int prefix = 0; prefix < 4; prefix++) {
                    if ((line.prefixes >> prefix & 1) != 0) {
                        int place = place(mode, line.map, line.opcode, prefix);
                        byPlace.computeIfAbsent(place, key -> new ArrayList<>()).add(line);
                    }
                }
            }
        }
        Arrays.fill(cells, Cell.EMPTY);
        byPlace.forEach((place, candidates) -> cells[place] = cell(candidates));
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
        Encoding[] encodings = new Encoding[256];
        boolean group = false;
        for (int modRm = 0; modRm < 256; modRm++) {
            encodings[modRm] = best(candidates, modRm);
            group |= !encodings[modRm].equals(encodings[0]);
        }
        return new Cell(group ? encodings : new Encoding[] {encodings[0]});
    }

    private static Encoding best(List<Line> candidates, int modRm) {
        Line best = null;
        int bestRank = -1;
        for (Line line : candidates) {
            if (!line.modRms[modRm]) {
                continue;
            }
            int rank = line.prefixRank * 100 + line.modRmRank * 10 + (line.opcodeRange ? 0 : 1);
            if (best != null && rank == bestRank) {
                throw new IllegalStateException(
                        "opcode chart: \"" + best.text + "\" and \"" + line.text + "\" overlap");
            }
            if (rank > bestRank) {
                best = line;
                bestRank = rank;
            }
        }
        return best == null ? Encoding.INVALID : best.encoding;
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
        int[] bytes =
                Arrays.stream(matcher.group("opcode").split(" "))
                        .mapToInt(part -> Integer.parseInt(part, 16))
                        .toArray();
        int map = 0;
        int at = 0;
        if (bytes[0] == 0x0F) {
            map = bytes[1] == 0x38 ? 2 : bytes[1] == 0x3A ? 3 : 1;
            at = map == 1 ? 1 : 2;
        }
        boolean fixedModRm = bytes.length > at + 1;
        String range = matcher.group("range");
        int count = range == null ? 1 : range.equals("+cc") ? 16 : 8;

        List<Mnemonic> mnemonics =
                Arrays.stream(matcher.group("mnemonic").split("/")).map(Mnemonic::valueOf).toList();
        String operandText = matcher.group("operands").strip();
        List<OperandCode> operands =
                operandText.isEmpty()
                        ? List.of()
                        : Arrays.stream(operandText.split(" +")).map(OperandCode::parse).toList();
        String attributeText = matcher.group("attributes");
        Set<String> attributes =
                attributeText == null ? Set.of() : Set.of(attributeText.strip().split(" +"));

        boolean[] modRms = new boolean[256];
        int modRmRank = 0;
        if (fixedModRm) {
            Arrays.fill(modRms, bytes[at + 1], bytes[at + 1] + count, true);
            modRmRank = 3;
        } else {
            modRmRank = fillModRms(modRms, matcher.group("digit"), matcher.group("mod"), operands);
        }
        boolean modRm = modRmRank > 0 || operands.stream().anyMatch(code -> code.method().modRm());
        String prefix = matcher.group("prefix").strip();
        for (int i = 0; i < (fixedModRm ? 1 : count); i++) {
            Encoding encoding =
                    mnemonics.equals(List.of(Mnemonic.INVALID))
                            ? Encoding.INVALID
                            : Encoding.of(
                                    mnemonics,
                                    operands,
                                    modRm,
                                    prefix.equals("66"),
                                    attributes,
                                    count == 16 ? i : 0);
            lines.add(
                    new Line(
                            text,
                            prefixes(prefix),
                            prefix.isEmpty() ? 0 : prefix.equals("NF") ? 1 : 2,
                            map,
                            bytes[at] + i,
                            count > 1 && !fixedModRm,
                            modRms,
                            modRmRank,
                            !attributes.contains("o64"),
                            !attributes.contains("i64"),
                            encoding));
        }
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

    /** Marks the ModRM bytes that fit; returns how much the line says about them. */
    private static int fillModRms(
            boolean[] modRms, String digit, String mod, List<OperandCode> operands) {
        boolean memoryOnly = "m".equals(mod);
        boolean registerOnly = "r".equals(mod);
        for (OperandCode operand : operands) {
            memoryOnly |= operand.method() == OperandCode.Method.M;
            registerOnly |=
                    operand.method() == OperandCode.Method.U
                            || operand.method() == OperandCode.Method.N;
        }
        for (int modRm = 0; modRm < 256; modRm++) {
            boolean register = modRm >= 0xC0;
            modRms[modRm] =
                    (digit == null || Integer.parseInt(digit) == (modRm >> 3 & 7))
                            && !(memoryOnly && register)
                            && !(registerOnly && !register);
        }
        return (digit == null ? 0 : 1) + (memoryOnly || registerOnly ? 1 : 0);
    }
}
