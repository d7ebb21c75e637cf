package dev.arclet.emulator.cpu.translate;

import java.io.IOException;
import java.io.InputStream;
import jdk.internal.misc.Unsafe;

/**
 * Defines classes of the JVM's boot loader, which no class path can give it: they may use what is
 * private to the packages of the JDK that they name as theirs (docs/adr/0008).
 */
final class BootClasses {
    private BootClasses() {}

    /**
     * Defines a class.
     *
     * @param classFile its class file, of any package
     * @throws LinkageError if it cannot be defined, or was defined before
     */
    static void define(byte[] classFile) {
        Unsafe.getUnsafe().defineClass(null, classFile, 0, classFile.length, null, null);
    }

    /**
     * Defines a class that stands on our class path; once it is the boot loader's, that one is
     * found first.
     *
     * @throws ClassNotFoundException if it is not there
     * @throws LinkageError as {@link #define(byte[])}
     */
    static void define(String name) throws ClassNotFoundException {
        try (InputStream file =
                BootClasses.class.getResourceAsStream('/' + name.replace('.', '/') + ".class")) {
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            define(file.readAllBytes());
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
