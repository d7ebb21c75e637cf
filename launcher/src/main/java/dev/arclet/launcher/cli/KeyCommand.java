package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.tree.TreePublisher;
import dev.arclet.format.trust.PublisherKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A publisher's keys. */
@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Makes and shows publisher keys, and signs with them.",
        footer = {"", "Exit status: 0 done; 2 the keys or the tree cannot be used."},
        subcommands = {
            KeyCommand.Init.class,
            KeyCommand.Show.class,
            KeyCommand.Rotate.class,
            KeyCommand.Refresh.class,
            KeyCommand.Revoke.class
        })
final class KeyCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static void print(CommandSpec spec, PublisherKeys keys) {
        PrintWriter out = spec.commandLine().getOut();
        out.println("publisher: " + keys.name());
        out.println("id:        " + keys.id());
        out.println("           " + keys.id().grouped());
        out.println("root key:  " + keys.rootKey());
        out.println("online key: " + keys.onlineKey());
        out.flush();
    }

    @Command(
            name = "init",
            mixinStandardHelpOptions = true,
            description = "Makes the keys of a new publisher. Keep a copy of root.pem offline.")
    static final class Init implements Callable<Integer> {
        @Mixin private KeyOption keys;

        @Option(
                names = "--name",
                paramLabel = "NAME",
                required = true,
                description = "The publisher's name, shown beside the id.")
        private String name;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws FormatException, IOException {
            Path folder = keys.folder();
            print(spec, PublisherKeys.create(folder, name, Instant.now()));
            return ExitStatus.OK;
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows id and keys.")
    static final class Show implements Callable<Integer> {
        @Mixin private KeyOption keys;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws FormatException, IOException {
            print(spec, PublisherKeys.load(keys.folder()));
            return ExitStatus.OK;
        }
    }

    @Command(
            name = "rotate",
            mixinStandardHelpOptions = true,
            description = "Replaces the online key; the id stays.")
    static final class Rotate implements Callable<Integer> {
        @Mixin private KeyOption keys;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws FormatException, IOException {
            print(spec, PublisherKeys.load(keys.folder()).rotateOnlineKey(Instant.now()));
            return ExitStatus.OK;
        }
    }

    @Command(
            name = "refresh",
            mixinStandardHelpOptions = true,
            description = "Signs a published tree's channel anew, before it expires.")
    static final class Refresh implements Callable<Integer> {
        @Parameters(paramLabel = "TREE", description = "Published folder.")
        private Path tree;

        @Mixin private KeyOption keys;

        @Override
        public Integer call() throws FormatException, IOException {
            TreePublisher.refresh(tree, PublisherKeys.load(keys.folder()), Instant.now());
            return ExitStatus.OK;
        }
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description = "Withdraws a machine: nobody who sees this runs it again.")
    static final class Revoke implements Callable<Integer> {
        @Parameters(paramLabel = "TREE", description = "Published folder.")
        private Path tree;

        @Parameters(
                paramLabel = "DIGEST",
                description = "Of the envelope or the spec, as \"arclet inspect --json\" shows it.")
        private String digest;

        @Mixin private KeyOption keys;

        @Override
        public Integer call() throws FormatException, IOException {
            TreePublisher.revoke(
                    tree, PublisherKeys.load(keys.folder()), Digest.parse(digest), Instant.now());
            return ExitStatus.OK;
        }
    }
}
