package dev.arclet.launcher.cli;

import dev.arclet.format.FormatException;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.verify.Trust;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.consent.ConsentView;
import dev.arclet.launcher.policy.Abilities;
import dev.arclet.launcher.policy.Choice;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.run.Guest;
import dev.arclet.launcher.run.Resolved;
import dev.arclet.launcher.run.Resolver;
import dev.arclet.launcher.run.VmInstance;
import dev.arclet.launcher.run.VmState;
import dev.arclet.launcher.session.ControlServer;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a published machine, in the browser or in this terminal. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Runs the machine behind a link or in a published folder.",
        footer = {
            "",
            "Without --headless it opens the consent page in the browser, and the machine runs in the",
            "background. With --headless it runs in this process: the link must name its publisher",
            "(#p=), or the publisher must be known here or accepted with --accept-publisher.",
            "",
            "Exit status: 0 guest powered off, or handed to the launcher; 2 not a link or folder;",
            "4 the guest died; 5 refused; 6 publisher not accepted; 7 fetching failed; 8 the host",
            "lacks memory or disk."
        })
final class RunCommand implements Callable<Integer> {
    enum Serial {
        NONE,
        STDIO
    }

    enum Grant {
        NETWORK,
        PORTS
    }

    @Parameters(paramLabel = "LINK|FOLDER", description = "What to run.")
    private String what;

    @Option(names = "--headless", description = "Run here, without a browser.")
    private boolean headless;

    @Option(
            names = "--serial",
            paramLabel = "stdio|none",
            defaultValue = "none",
            description = "Connect the guest's serial port to this terminal (with --headless).")
    private Serial serial;

    @Option(
            names = "--accept-publisher",
            paramLabel = "ID",
            description = "Agree to run this publisher's machine.")
    private String accepted;

    @Option(
            names = "--allow",
            paramLabel = "network|ports",
            split = ",",
            description = "Grant what it asks for of this kind (with --headless); else nothing.")
    private List<Grant> allow = new ArrayList<>();

    @Option(names = "--no-browser", description = "Only print the consent page's address.")
    private boolean noBrowser;

    @Spec private CommandSpec spec;

    @Override
    public Integer call()
            throws IOException, LauncherException, FormatException, InterruptedException {
        if (!headless) {
            OpenCommand.open(what, !noBrowser, spec.commandLine().getOut());
            return ExitStatus.OK;
        }
        PrintWriter err = spec.commandLine().getErr();
        try (Context context = new Context();
                ControlServer control = ControlServer.ofRun(context.home(), context.registry())) {
            Resolved resolved = context.resolver().resolve(Resolver.parse(what));
            ConsentView.lines(resolved, Abilities.CURRENT).forEach(err::println);
            err.flush();
            requireAccepted(resolved);
            Decision decision =
                    Decision.of(
                            resolved.verified().spec().capabilities(),
                            new Choice(
                                    allow.contains(Grant.NETWORK),
                                    false,
                                    false,
                                    allow.contains(Grant.PORTS),
                                    Map.of(),
                                    false),
                            Abilities.CURRENT);
            VmInstance vm = context.runner().start(resolved, decision);
            Thread stopper = new Thread(vm::stop, "arclet-stop");
            Runtime.getRuntime().addShutdownHook(stopper);
            // Null again since JDK 25 where there is no terminal, whatever newer advice says.
            Console console = System.console();
            ProgressLine progress = new ProgressLine(err, console != null && console.isTerminal());
            vm.listen(progress::changed);
            if (serial == Serial.STDIO) {
                connect(vm);
            }
            VmInstance.Status end = await(vm);
            return finish(end, vm, err);
        }
    }

    /**
     * A terminal run needs what a click gives elsewhere: a publisher that the user has agreed to.
     */
    private void requireAccepted(Resolved resolved) throws LauncherException, FormatException {
        PublisherId publisher = resolved.verified().publisher();
        if (accepted != null) {
            PublisherId given = PublisherId.parse(accepted.replace(" ", ""));
            if (resolved.verified().trust() == Trust.EXACT_UNCONFIRMED
                    || !given.equals(publisher)) {
                throw new LauncherException(
                        Kind.NO_CONSENT,
                        "run",
                        resolved.verified().link().location(),
                        "its publisher is " + publisher + ", not the one you accept",
                        "Check whom you trust");
            }
            return;
        }
        boolean known =
                switch (resolved.verified().trust()) {
                    case LINK, PINNED -> true;
                    case EXACT -> resolved.knownSince().isPresent();
                    case FIRST_USE, EXACT_UNCONFIRMED -> false;
                };
        if (!known) {
            throw new LauncherException(
                    Kind.NO_CONSENT,
                    "run",
                    resolved.verified().link().location(),
                    "nobody has agreed to its publisher yet",
                    "If you trust it, add --accept-publisher " + publisher);
        }
    }

    private static void connect(VmInstance vm) {
        PrintStream out = System.out;
        vm.serial()
                .follow(
                        bytes -> {
                            out.write(bytes, 0, bytes.length);
                            out.flush();
                        });
        Thread.ofPlatform()
                .daemon()
                .name("arclet-stdin")
                .start(
                        () -> {
                            byte[] buffer = new byte[1024];
                            InputStream in = System.in;
                            try {
                                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                                    byte[] input = Arrays.copyOf(buffer, n);
                                    Optional<Guest> guest = vm.guest();
                                    guest.ifPresent(g -> g.serialInput(input));
                                }
                            } catch (IOException e) {
                                // No more input: the guest runs on without.
                            }
                        });
    }

    private static VmInstance.Status await(VmInstance vm) throws InterruptedException {
        try {
            return vm.over().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a machine's end never fails", e);
        }
    }

    private static int finish(VmInstance.Status end, VmInstance vm, PrintWriter err) {
        boolean ran = vm.guest().isPresent();
        err.println("arclet: " + vm.about().name() + ": " + end.message());
        err.flush();
        if (end.state() == VmState.ENDED) {
            return ExitStatus.OK;
        }
        return ran
                ? ExitStatus.GUEST_DIED
                : vm.failure().map(ExitStatus::ofAny).orElse(ExitStatus.FAILED);
    }
}
