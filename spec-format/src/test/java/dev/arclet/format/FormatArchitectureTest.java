package dev.arclet.format;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
        packages = "dev.arclet.format",
        importOptions = ImportOption.DoNotIncludeTests.class)
class FormatArchitectureTest {
    @ArchTest
    static final ArchRule DEPENDS_ON_FOUR_THINGS_ONLY =
            classes()
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            "java..",
                            "dev.arclet.format..",
                            "tools.jackson..",
                            "org.bouncycastle..",
                            "com.github.luben.zstd..");

    @ArchTest
    static final ArchRule CRYPTOGRAPHY_STAYS_IN_SIGN =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("dev.arclet.format.sign")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.bouncycastle..");

    @ArchTest
    static final ArchRule COMPRESSION_STAYS_IN_ONE_CLASS =
            noClasses()
                    .that()
                    .doNotHaveSimpleName("ChunkCodec")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("com.github.luben.zstd..");

    @ArchTest
    static final ArchRule TRUST_IS_PURE =
            noClasses()
                    .that()
                    .haveSimpleName("TrustedMetadata")
                    .or()
                    .haveSimpleName("SignedMetadata")
                    .or()
                    .haveSimpleName("Envelope")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("java.nio.file..", "java.net..");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("dev.arclet.format.(*)..").should().beFreeOfCycles();
}
