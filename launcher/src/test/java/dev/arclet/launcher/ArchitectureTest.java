package dev.arclet.launcher;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.arclet.emulator.machine.MachineConfig;
import dev.arclet.format.model.Spec;
import dev.arclet.launcher.assemble.MachineAssembler;

/** Who may see what inside the launcher. */
@AnalyzeClasses(
        packages = "dev.arclet.launcher",
        importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> SEES_A_SPEC =
            DescribedPredicate.describe(
                    "see a spec",
                    c ->
                            c.getDirectDependenciesFromSelf().stream()
                                    .anyMatch(d -> d.getTargetClass().isEquivalentTo(Spec.class)));

    @ArchTest
    static final ArchRule ONLY_THE_ASSEMBLER_SEES_SPEC_AND_MACHINE =
            noClasses()
                    .that(SEES_A_SPEC)
                    .and()
                    .doNotBelongToAnyOf(MachineAssembler.class)
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(MachineConfig.class);

    @ArchTest
    static final ArchRule POLICY_KNOWS_NO_MACHINE_AND_NO_SESSION =
            noClasses()
                    .that()
                    .resideInAPackage("..launcher.policy..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.arclet.emulator..",
                            "..launcher.session..",
                            "..launcher.run..",
                            "..launcher.rfb..");

    @ArchTest
    static final ArchRule STORE_AND_FETCH_KNOW_NO_MACHINE =
            noClasses()
                    .that()
                    .resideInAnyPackage("..launcher.store..", "..launcher.fetch..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.arclet.emulator..",
                            "..launcher.session..",
                            "..launcher.run..",
                            "..launcher.policy..",
                            "..launcher.cli..");

    @ArchTest
    static final ArchRule SESSION_REACHES_MACHINES_THROUGH_GUESTS_ONLY =
            noClasses()
                    .that()
                    .resideInAPackage("..launcher.session..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.arclet.emulator..", "..launcher.assemble..", "..launcher.rfb..");

    @ArchTest
    static final ArchRule NOBODY_CALLS_THE_COMMAND_LINE =
            classes()
                    .that()
                    .resideInAPackage("..launcher.cli..")
                    .should()
                    .onlyBeAccessed()
                    .byAnyPackage("..launcher.cli..");

    @ArchTest
    static final ArchRule NO_SERVER_IN_THE_LAUNCHER =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("io.javalin..", "dev.arclet.server..");
}
