package dev.arclet.emulator.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * HotSpot never compiles a method of more than 8,000 bytes of bytecode, which makes it some 100
 * times slower. Only static initialisers may be larger: they run once.
 */
class MethodSizeTest {
    private static final int HUGE_METHOD_LIMIT = 8000;

    @Test
    void everyMethodCanBeCompiled() throws IOException, URISyntaxException {
        Path classes =
                Path.of(CpuState.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> huge = new ArrayList<>();
        int methods = 0;
        List<Path> files;
        try (Stream<Path> walk = Files.walk(classes)) {
            files = walk.filter(p -> p.toString().endsWith(".class")).toList();
        }
        for (Path file : files) {
            ClassModel model = ClassFile.of().parse(file);
            for (MethodModel method : model.methods()) {
                if (method.code().orElse(null) instanceof CodeAttribute code) {
                    methods++;
                    if (code.codeLength() > HUGE_METHOD_LIMIT
                            && !method.methodName().equalsString("<clinit>")) {
                        huge.add(
                                model.thisClass().asInternalName()
                                        + "."
                                        + method.methodName().stringValue()
                                        + " has "
                                        + code.codeLength()
                                        + " bytes");
                    }
                }
            }
        }
        assertTrue(methods > 500, "found only " + methods + " methods in " + classes);
        assertEquals(List.of(), huge);
    }
}
