package dev.arclet.emulator.debug;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** Reads a file of instruction vectors ({@code <group>.<mode>.txt.gz}). */
final class VectorFile {
    private static final String SUFFIX = ".txt.gz";
    private static final int MAX_LINE = 1 << 16;

    private final Path path;

    /** The file's group, such as {@code int-alu}. */
    final String group;

    /** The file's mode: prot16, prot32 or long64. */
    final String mode;

    VectorFile(Path path) throws IOException {
        this.path = path;
        String name = String.valueOf(path.getFileName());
        int dot = name.indexOf('.');
        if (!name.endsWith(SUFFIX) || dot < 1 || dot >= name.length() - SUFFIX.length()) {
            throw new IOException(
                    "cannot read vectors from " + path + ": name is not GROUP.MODE.txt.gz");
        }
        group = name.substring(0, dot);
        mode = name.substring(dot + 1, name.length() - SUFFIX.length());
    }

    /** The files of a folder in the order of their names. */
    static List<VectorFile> list(Path folder) throws IOException {
        List<Path> paths;
        try (var stream = Files.list(folder)) {
            paths = stream.filter(path -> path.toString().endsWith(SUFFIX)).sorted().toList();
        }
        List<VectorFile> files = new ArrayList<>();
        for (Path path : paths) {
            files.add(new VectorFile(path));
        }
        return files;
    }

    /** Opens the text. */
    static BufferedReader open(Path path) throws IOException {
        InputStream stream = Files.newInputStream(path);
        try {
            return new BufferedReader(
                    new InputStreamReader(
                            new GZIPInputStream(stream, 1 << 16), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            stream.close();
            throw e;
        }
    }

    /** The file. */
    Path path() {
        return path;
    }

    /**
     * Hands out the tests one after the other.
     *
     * @throws IOException if the file cannot be read or a line makes no sense; says which
     */
    void forEach(Consumer<VectorTest> consumer) throws IOException {
        try (BufferedReader reader = open(path)) {
            String form = "";
            VectorState base = new VectorState();
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (line.isEmpty() || line.length() > MAX_LINE) {
                    throw malformed(number, "empty or too long");
                }
                switch (line.charAt(0)) {
                    case '#' -> {}
                    case 'F' -> {
                        form = line.split(" ", 3)[1];
                        base = new VectorState();
                    }
                    case 'B' -> {
                        base = new VectorState();
                        apply(base, line.split(" ", -1), number);
                    }
                    case 'T' -> consumer.accept(parse(form, base, line, number));
                    default -> throw malformed(number, "unknown kind of line");
                }
            }
        }
    }

    private IOException malformed(int number, String why) {
        return new IOException("cannot read " + path + " line " + number + ": " + why);
    }

    private void apply(VectorState state, String[] words, int number) throws IOException {
        for (int i = 1; i < words.length; i++) {
            assign(state, words[i], number);
        }
    }

    private void assign(VectorState state, String word, int number) throws IOException {
        int equals = word.indexOf('=');
        try {
            if (equals < 1
                    || !state.assign(word.substring(0, equals), word.substring(equals + 1))) {
                throw malformed(number, "unknown " + word);
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "cannot read " + path + " line " + number + ": bad value in " + word, e);
        }
    }

    private VectorTest parse(String form, VectorState base, String line, int number)
            throws IOException {
        String[] words = line.split(" ", -1);
        byte[] code = HexFormat.of().parseHex(words[1]);
        VectorState input = base.copyRegisters();
        int at = 2;
        while (++at < words.length && !words[at].equals("o")) {
            assign(input, words[at], number);
        }
        VectorState expected = input.copyRegisters();
        int vector = -1;
        int errorCode = -1;
        boolean ipGiven = false;
        while (++at < words.length && !words[at].equals("u")) {
            String word = words[at];
            if (word.startsWith("x=")) {
                vector = Integer.parseInt(word, 2, word.length(), 16);
            } else if (word.startsWith("ec=")) {
                errorCode = Integer.parseInt(word, 3, word.length(), 16);
            } else {
                ipGiven |= word.startsWith("ip=");
                assign(expected, word, number);
            }
        }
        if (!ipGiven && vector < 0) {
            expected.ip += code.length;
        }
        int flags = 0;
        int status = 0;
        boolean undefinedResult = false;
        List<VectorTest.Gap> gaps = new ArrayList<>();
        while (++at < words.length) {
            String word = words[at];
            int equals = word.indexOf('=');
            int value = Integer.parseInt(word, equals + 1, word.length(), 16);
            switch (word.substring(0, equals)) {
                case "fl" -> flags = value;
                case "fsw" -> status = value;
                case "res" -> undefinedResult = true;
                default ->
                        gaps.add(new VectorTest.Gap(Integer.parseInt(word, 1, equals, 16), value));
            }
        }
        return new VectorTest(
                form,
                number,
                line,
                code,
                input,
                expected,
                vector,
                errorCode,
                flags,
                status,
                gaps,
                undefinedResult);
    }
}
