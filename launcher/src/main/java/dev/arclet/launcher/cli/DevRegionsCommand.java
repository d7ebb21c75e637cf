package dev.arclet.launcher.cli;

import dev.arclet.emulator.cpu.translate.RegionReport;
import dev.arclet.emulator.cpu.translate.Translator;
import dev.arclet.emulator.machine.PcMachine;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.boot.Inspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Boots like {@code arclet boot}, then tells what the translator has made of the guest's code. */
@Command(
        name = "regions",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        defaultValueProvider = DevRegionsCommand.QuietSerial.class,
        description = {
            "Boots like \"arclet boot\", and at the end lists the regions of guest code that were"
                    + " translated: what they executed, why they were left, their instructions in blocks"
                    + " (\"call\" stands before what the interpreter's operation is called for, \"leave\""
                    + " before what the region is left for).",
            "",
            "Example: arclet dev regions --kernel vmlinuz --initrd initrd.gz --append console=ttyS0"
                    + " --expect '# ' --top 3",
            ""
        },
        footer = {"", "Exit status: that of \"arclet boot\"; the list is made for each."})
final class DevRegionsCommand extends BootCommand {
    @CommandLine.Spec private CommandSpec spec;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "10",
            description =
                    "Regions to list: those that have executed most instructions; default"
                            + " ${DEFAULT-VALUE}.")
    private int top;

    @Option(
            names = "--at",
            paramLabel = "ADDRESS",
            description =
                    "Only regions with an instruction at this linear address, in hexadecimal such as"
                            + " c0100000.")
    private String at;

    @Option(names = "--bytecode", description = "Lists the JVM's instructions, too.")
    private boolean bytecode;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Where the list is written; default standard output.")
    private Path out;

    /** The list is what is to be read: the serial line is not printed unless asked for. */
    static final class QuietSerial implements IDefaultValueProvider {
        @Override
        public String defaultValue(ArgSpec argument) {
            return argument instanceof OptionSpec option && option.longestName().equals("--serial")
                    ? "none"
                    : null;
        }
    }

    @Override
    Inspection inspection() {
        if (top < 1) {
            throw new ParameterException(spec.commandLine(), "--top must be at least 1");
        }
        RegionReport.Wish wish = new RegionReport.Wish(top, address(), bytecode);
        return new Inspection() {
            @Override
            public void begin(PcMachine machine) throws LauncherException {
                translator(machine).keepRegions();
            }

            @Override
            public void end(PcMachine machine) throws IOException {
                print(((Translator) machine.engine()).report(wish));
            }
        };
    }

    private OptionalLong address() {
        if (at == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(
                    Long.parseUnsignedLong(at.startsWith("0x") ? at.substring(2) : at, 16));
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--at " + at + " is no hexadecimal address such as c0100000",
                    e);
        }
    }

    private static Translator translator(PcMachine machine) throws LauncherException {
        if (machine.engine() instanceof Translator translator) {
            return translator;
        }
        throw new LauncherException(
                LauncherException.Kind.USAGE,
                "list the regions of",
                "--engine interpreter",
                "it translates nothing",
                "Leave it out, or choose translator or translator-eager");
    }

    private void print(String report) throws IOException {
        if (out != null) {
            Files.writeString(out, report);
            return;
        }
        PrintWriter writer = spec.commandLine().getOut();
        writer.print(report);
        writer.flush();
    }
}
