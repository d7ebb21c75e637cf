package dev.arclet.emulator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The directions of the emulator's rooms; see ARCHITECTURE.md. */
@AnalyzeClasses(
        packages = "dev.arclet.emulator",
        importOptions = ImportOption.DoNotIncludeTests.class)
class DirectionsTest {
    private static final String CORE = "dev.arclet.emulator";

    @ArchTest
    static final ArchRule dependsOnTheJavaBaseOnly =
            classes()
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(CORE + "..", "java..", "jdk.internal.misc");

    @ArchTest
    static final ArchRule noDesktopNorNetworkNorSql =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("java.awt..", "java.net..", "java.sql..", "javax..");

    /** BootClasses defines classes of the boot loader with it, and touches no memory (ADR 0008). */
    @ArchTest
    static final ArchRule rawMemoryIsInOneClass =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName(CORE + ".memory.GuestMemory")
                    .and()
                    .doNotHaveFullyQualifiedName(CORE + ".cpu.translate.BootClasses")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("jdk.internal.misc");

    @ArchTest
    static final ArchRule theProcessorSeesNoDevice =
            noClasses()
                    .that()
                    .resideInAnyPackage(CORE + ".cpu..", CORE + ".mmu..", CORE + ".memory..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            CORE + ".device..",
                            CORE + ".chipset..",
                            CORE + ".machine..",
                            CORE + ".firmware..",
                            CORE + ".display..");

    @ArchTest
    static final ArchRule devicesSeeBusesAndNoProcessor =
            noClasses()
                    .that()
                    .resideInAnyPackage(CORE + ".device..", CORE + ".chipset..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            CORE + ".cpu..",
                            CORE + ".mmu..",
                            CORE + ".machine..",
                            CORE + ".firmware..");

    @ArchTest
    static final ArchRule nobodySeesTheAssembledMachine =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(CORE + ".machine..", CORE + ".debug..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(CORE + ".machine..");

    @ArchTest
    static final ArchRule decodingSeesNoEngine =
            noClasses()
                    .that()
                    .resideInAPackage(CORE + ".cpu.decode..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(CORE + ".cpu.interp..", CORE + ".mmu..");
}
