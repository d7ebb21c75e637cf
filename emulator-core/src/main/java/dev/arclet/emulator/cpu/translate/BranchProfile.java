package dev.arclet.emulator.cpu.translate;

import java.lang.classfile.Annotation;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * Tells C2 how often a branch is taken (docs/adr/0008). Of a method without a profile it assumes
 * that values are rarely equal, so that it keeps the locals of what follows a TLB hit in memory;
 * and a profile made by running makes it leave out branches that have not been taken yet.
 *
 * <p>C2 takes the frequency from calls of {@code MethodHandleImpl.profileBoolean}, which the JDK
 * uses for method handles. A class with a method for each of some frequencies is defined there:
 * {@code static boolean atN(int)} returns its argument, which is 0 or 1 (C2 and the JVM count on
 * that; of a boolean the JVM keeps one bit) and zero in {@code 1 - 2^-N} of all cases, and {@code
 * notN} one which is not.
 */
final class BranchProfile {
    /** The rarest frequency is 2 to the minus this. */
    static final int RAREST = 12;

    /** Whether {@link #rare} does anything. */
    static final boolean AVAILABLE;

    private static final String PACKAGE = "java.lang.invoke";
    private static final String SELF_NAME = PACKAGE + ".ArcletBranchProfile";
    private static final ClassDesc SELF = ClassDesc.of(SELF_NAME);
    private static final ClassDesc PROFILER = ClassDesc.of(PACKAGE, "MethodHandleImpl");
    private static final ClassDesc COUNTS = ConstantDescs.CD_int.arrayType();
    private static final ClassDesc FORCE_INLINE =
            ClassDesc.of("jdk.internal.vm.annotation", "ForceInline");
    private static final MethodTypeDesc IDENTITY =
            MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_int);
    private static final MethodTypeDesc PROFILE =
            MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_boolean, COUNTS);

    /** Times; a run of the method adds to them, which should change nothing. */
    private static final int MANY = 1 << 26;

    static {
        boolean available;
        try {
            BootClasses.define(helper());
            // C2 wants the class to be known to the loader of what calls it.
            Class.forName(SELF_NAME, true, BranchProfile.class.getClassLoader());
            available = true;
        } catch (ClassNotFoundException | LinkageError e) {
            available = false; // Another JDK; C2 then assumes what it likes.
        }
        AVAILABLE = available;
    }

    private BranchProfile() {}

    private static byte[] helper() {
        return ClassFile.of()
                .build(
                        SELF,
                        type -> {
                            type.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL);
                            type.withMethodBody(
                                    ConstantDescs.CLASS_INIT_NAME,
                                    ConstantDescs.MTD_void,
                                    ClassFile.ACC_STATIC,
                                    BranchProfile::counters);
                            for (int i = 1; i <= RAREST; i++) {
                                for (String name : new String[] {"at" + i, "not" + i}) {
                                    type.withField(
                                            name,
                                            COUNTS,
                                            ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
                                    type.withMethod(
                                            name,
                                            IDENTITY,
                                            ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                            method ->
                                                    method.with(
                                                                    RuntimeVisibleAnnotationsAttribute
                                                                            .of(
                                                                                    Annotation.of(
                                                                                            FORCE_INLINE)))
                                                            .withCode(b -> profile(b, name)));
                                }
                            }
                        });
    }

    private static void counters(CodeBuilder b) {
        for (int i = 1; i <= RAREST; i++) {
            counters(b, "at" + i, MANY - (MANY >> i), MANY >> i);
            counters(b, "not" + i, MANY >> i, MANY - (MANY >> i));
        }
        b.return_();
    }

    private static void counters(CodeBuilder b, String name, int zero, int other) {
        b.iconst_2();
        b.newarray(java.lang.classfile.TypeKind.INT);
        b.dup();
        b.iconst_0();
        b.loadConstant(zero);
        b.iastore();
        b.dup();
        b.iconst_1();
        b.loadConstant(other);
        b.iastore();
        b.putstatic(SELF, name, COUNTS);
    }

    private static void profile(CodeBuilder b, String name) {
        b.iload(0);
        b.getstatic(SELF, name, COUNTS);
        b.invokestatic(PROFILER, "profileBoolean", PROFILE);
        b.ireturn();
    }

    /** The int on the stack is other than zero in {@code 2^-power} of all cases, 1 to 12. */
    static void rare(CodeBuilder b, int power) {
        b.invokestatic(SELF, "at" + power, IDENTITY);
    }

    /** The int on the stack is zero in {@code 2^-power} of all cases, 1 to 12. */
    static void frequent(CodeBuilder b, int power) {
        b.invokestatic(SELF, "not" + power, IDENTITY);
    }
}
