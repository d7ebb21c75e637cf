package dev.arclet.emulator.debug;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the committed sample of the instruction vectors: of every form of every file a few tests,
 * chosen by a seed. The same arguments give the same bytes.
 */
final class VectorSampler {
    private VectorSampler() {}

    /**
     * Samples a folder.
     *
     * @param args folder of the complete vectors, target folder, tests per form, seed
     * @throws IOException if something cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        if (args.length != 4) {
            System.err.println("usage: VectorSampler FROM TO TESTS-PER-FORM SEED");
            System.exit(2);
        }
        Path to = Path.of(args[1]);
        Files.createDirectories(to);
        for (VectorFile file : VectorFile.list(Path.of(args[0]))) {
            Path target = to.resolve(String.valueOf(file.path().getFileName()));
            sample(file.path(), target, Integer.parseInt(args[2]), Long.parseLong(args[3]));
        }
    }

    static void sample(Path from, Path to, int perForm, long seed) throws IOException {
        try (BufferedReader reader = VectorFile.open(from);
                BufferedWriter writer =
                        new BufferedWriter(
                                new OutputStreamWriter(
                                        new GZIPOutputStream(Files.newOutputStream(to)),
                                        StandardCharsets.US_ASCII))) {
            List<String> form = new ArrayList<>();
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("F ")) {
                    write(form, writer, perForm, seed);
                }
                form.add(line);
            }
            write(form, writer, perForm, seed);
        }
    }

    /** Writes a form, or the header of the file, and forgets it. */
    private static void write(List<String> form, BufferedWriter writer, int perForm, long seed)
            throws IOException {
        List<Integer> tests = new ArrayList<>();
        for (int i = 0; i < form.size(); i++) {
            if (form.get(i).startsWith("T ")) {
                tests.add(i);
            }
        }
        Random random = new Random(form.isEmpty() ? seed : seed ^ form.get(0).hashCode());
        while (tests.size() > perForm) {
            tests.remove(random.nextInt(tests.size()));
        }
        for (int i = 0; i < form.size(); i++) {
            String line = form.get(i);
            if (line.startsWith("F ")) {
                line = line.replaceFirst(" n=\\d+", " n=" + tests.size());
            }
            if (!line.startsWith("T ") || tests.contains(i)) {
                writer.write(line);
                writer.write('\n');
            }
        }
        form.clear();
    }
}
