package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.Printable;
import dev.arclet.launcher.fetch.FetchException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code arclet} command. Each sub-command is one class of this package. A failure prints one
 * line on standard error that names action, object, cause and next step, never a stack trace
 * (unless the environment variable {@code ARCLET_DEBUG} is set).
 */
@Command(
        name = "arclet",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Runs signed virtual machines from a link, and makes and publishes them.",
        footer = {
            "",
            "arclet COMMAND --help tells more about a command.",
            "",
            "Exit status:",
            "  0 done                        5 refused: a signature, digest or publisher",
            "  1 failed                        does not hold",
            "  2 bad usage or bad input      6 nobody agreed to run it",
            "  3 time limit passed           7 network or server failed",
            "  4 the guest died              8 this computer lacks something",
            "  9 no such machine or launcher"
        },
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            OpenCommand.class,
            PsCommand.class,
            StopCommand.class,
            LogsCommand.class,
            BootCommand.class,
            BuildCommand.class,
            PublishCommand.class,
            ServeCommand.class,
            VerifyCommand.class,
            InspectCommand.class,
            KeyCommand.class,
            LauncherCommand.class,
            DevCommand.class,
        })
public final class Main implements Runnable {
    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    /** Runs the command and exits with its status. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /** The configured command line; tests set its writers. */
    public static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Main::badUsage)
                .setExecutionExceptionHandler(Main::failed);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }

    private static int badUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        StringBuilder hint = new StringBuilder();
        List<String> near =
                e instanceof UnmatchedArgumentException unmatched
                        ? unmatched.getSuggestions()
                        : List.of();
        if (!near.isEmpty()) {
            hint.append("Did you mean \"").append(near.getFirst()).append("\"? ");
        }
        hint.append("Run \"").append(name).append(" --help\"");
        complain(command, e.getMessage() + ". " + hint + ".");
        return ExitStatus.USAGE;
    }

    private static int failed(Exception e, CommandLine command, ParseResult parsed)
            throws Exception {
        if (System.getenv("ARCLET_DEBUG") != null) {
            e.printStackTrace(command.getErr());
        }
        switch (e) {
            case LauncherException l -> {
                complain(command, l.getMessage());
                return ExitStatus.of(l);
            }
            case FormatException f -> {
                complain(command, f.getMessage());
                return ExitStatus.of(f);
            }
            case FetchException f -> {
                complain(command, f.failure().getMessage());
                return ExitStatus.of(f.failure());
            }
            case NoSuchFileException n -> {
                complain(
                        command,
                        "cannot read "
                                + n.getFile()
                                + ": there is no such file. Check the path and try again.");
                return ExitStatus.USAGE;
            }
            case AccessDeniedException a -> {
                complain(
                        command,
                        "cannot use "
                                + a.getFile()
                                + ": access is denied. Check the permissions and try again.");
                return ExitStatus.USAGE;
            }
            case FileAlreadyExistsException x -> {
                complain(
                        command,
                        "cannot create "
                                + x.getFile()
                                + ": it exists already. Choose another name or move it away.");
                return ExitStatus.USAGE;
            }
            case IOException io -> {
                complain(
                        command,
                        "cannot finish \""
                                + command.getCommandSpec().qualifiedName()
                                + "\": "
                                + (io.getMessage() == null
                                        ? io.getClass().getName()
                                        : io.getMessage())
                                + ". Check disk and network, then try again.");
                return ExitStatus.FAILED;
            }
            default -> {
                complain(
                        command,
                        "cannot finish \""
                                + command.getCommandSpec().qualifiedName()
                                + "\": internal error "
                                + e
                                + ". Please report it; ARCLET_DEBUG=1 prints the details.");
                return ExitStatus.FAILED;
            }
        }
    }

    private static void complain(CommandLine command, String line) {
        PrintWriter err = command.getErr();
        err.println("arclet: " + Printable.line(line));
        err.flush();
    }

    /** Reads the version from the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"arclet " + (version == null ? "development build" : version)};
        }
    }
}
