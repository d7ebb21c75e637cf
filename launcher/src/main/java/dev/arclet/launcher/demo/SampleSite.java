package dev.arclet.launcher.demo;

import dev.arclet.format.FormatException;
import dev.arclet.format.build.SpecBuilder;
import dev.arclet.format.tree.TreePublisher;
import dev.arclet.format.trust.PublisherKeys;
import dev.arclet.launcher.LauncherException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes a site of the samples: runs each recipe, builds and signs with a key of its own, publishes.
 * What is up to date is left as it is.
 */
public final class SampleSite {
    /** Longest time a recipe may take: it fetches packages of the distribution. */
    private static final long RECIPE_MINUTES = 15;

    private static final String PUBLISHER = "Arclet samples";

    private final Path samples;
    private final Path state;
    private final PrintWriter out;

    /**
     * A site.
     *
     * @param samples folder with one folder a sample
     * @param state where media, keys and the site are kept
     * @param out where progress is told
     */
    public SampleSite(Path samples, Path state, PrintWriter out) {
        this.samples = samples;
        this.state = state;
        this.out = out;
    }

    /** Brings the site up to date; returns its folder. */
    public Path update() throws LauncherException, FormatException, IOException {
        Path site = state.resolve("site");
        Path keyFolder = state.resolve("keys");
        PublisherKeys keys =
                Files.isDirectory(keyFolder)
                        ? PublisherKeys.load(keyFolder)
                        : PublisherKeys.create(keyFolder, PUBLISHER, Instant.now());
        boolean changed = false;
        for (Path sample : list()) {
            changed |= update(sample, site, keys);
        }
        if (!changed) {
            // The channel's timestamp is short-lived on purpose.
            TreePublisher.refresh(site, keys, Instant.now());
        }
        return site;
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> folders = Files.list(samples)) {
            return folders.filter(folder -> Files.isRegularFile(folder.resolve("vm.yaml")))
                    .sorted()
                    .toList();
        }
    }

    private boolean update(Path sample, Path site, PublisherKeys keys)
            throws LauncherException, FormatException, IOException {
        String name = sample.getFileName().toString();
        Path media = state.resolve("media").resolve(name);
        Path stamp = media.resolve(".built");
        // Of all samples: recipes share functions and files with each other.
        FileTime newest = newest(samples);
        if (Files.exists(stamp) && Files.getLastModifiedTime(stamp).compareTo(newest) >= 0) {
            return false;
        }
        out.println(
                "arclet: making the media of " + name + " from the distribution's packages ...");
        out.flush();
        Files.createDirectories(media);
        runRecipe(sample.resolve("recipe"), media, name);
        try (Stream<Path> files = Files.list(sample)) {
            for (Path file : files.toList()) {
                String fileName = file.getFileName().toString();
                if (fileName.equals("vm.yaml") || fileName.endsWith(".png")) {
                    Files.copy(file, media.resolve(fileName), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        out.println("arclet: signing and publishing " + name + " ...");
        out.flush();
        Path built = state.resolve("built");
        SpecBuilder.build(media, built, keys, Instant.now());
        TreePublisher.publish(built, site, Optional.of(keys), Instant.now());
        Files.writeString(stamp, "");
        Files.setLastModifiedTime(stamp, newest);
        return true;
    }

    private static FileTime newest(Path folder) throws IOException {
        FileTime newest = FileTime.fromMillis(0);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                FileTime time = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS);
                newest = time.compareTo(newest) > 0 ? time : newest;
            }
        }
        return newest;
    }

    private void runRecipe(Path recipe, Path media, String name)
            throws LauncherException, IOException {
        Path log = media.resolve("recipe.log");
        Process process =
                new ProcessBuilder("sh", recipe.toString(), media.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        process.getOutputStream().close();
        try {
            if (!process.waitFor(RECIPE_MINUTES, TimeUnit.MINUTES)) {
                process.destroy();
                throw recipeFailed(name, "it took over " + RECIPE_MINUTES + " minutes", log);
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw recipeFailed(name, "it was interrupted", log);
        }
        if (process.exitValue() != 0) {
            List<String> lines = Files.readAllLines(log);
            throw recipeFailed(name, lines.isEmpty() ? "it failed" : lines.getLast(), log);
        }
    }

    private static LauncherException recipeFailed(String name, String why, Path log) {
        return new LauncherException(
                LauncherException.Kind.HOST,
                "make the media of sample",
                name,
                why,
                "See "
                        + log
                        + "; the recipe needs apt-get, dpkg-deb and the distribution's packages");
    }
}
