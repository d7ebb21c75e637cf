package dev.arclet.emulator.cpu.translate;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.util.Locale;

/** Lists a method's bytecode for people: one instruction a line, behind its index. */
final class BytecodeListing {
    private BytecodeListing() {}

    /**
     * Lists the code of the methods with a name.
     *
     * @param indent what begins each line
     */
    static String of(byte[] classFile, String name, String indent) {
        StringBuilder text = new StringBuilder();
        for (MethodModel method : ClassFile.of().parse(classFile).methods()) {
            if (method.methodName().equalsString(name)
                    && method.code().orElse(null) instanceof CodeAttribute code) {
                int index = 0;
                for (CodeElement element : code) {
                    if (element instanceof Instruction instruction) {
                        text.append(
                                "%s%5d  %s%n".formatted(indent, index, line(instruction, code)));
                        index += instruction.sizeInBytes();
                    }
                }
            }
        }
        return text.toString();
    }

    private static String line(Instruction instruction, CodeAttribute code) {
        String name = instruction.opcode().name().toLowerCase(Locale.ROOT);
        String operands =
                switch (instruction) {
                    case LoadInstruction load -> slot(load.slot(), load.sizeInBytes());
                    case StoreInstruction store -> slot(store.slot(), store.sizeInBytes());
                    case IncrementInstruction add -> " " + add.slot() + " by " + add.constant();
                    case ConstantInstruction constant ->
                            constant.sizeInBytes() == 1 ? "" : " " + constant.constantValue();
                    case BranchInstruction branch -> " " + at(branch.target(), code);
                    case FieldInstruction field ->
                            " " + simple(field.owner().asInternalName()) + "." + field.name();
                    case InvokeInstruction call ->
                            " " + simple(call.owner().asInternalName()) + "." + call.name();
                    case TableSwitchInstruction table -> cases(table, code);
                    default -> "";
                };
        return name + operands;
    }

    /** Most slots have an operation of their own for the first four, which names them. */
    private static String slot(int slot, int bytes) {
        return bytes == 1 ? "" : " " + slot;
    }

    private static String simple(String internalName) {
        return internalName.substring(internalName.lastIndexOf('/') + 1);
    }

    private static String cases(TableSwitchInstruction table, CodeAttribute code) {
        StringBuilder text = new StringBuilder();
        for (SwitchCase one : table.cases()) {
            text.append(" %d: %s,".formatted(one.caseValue(), at(one.target(), code)));
        }
        return text + " else " + at(table.defaultTarget(), code);
    }

    private static int at(Label label, CodeAttribute code) {
        return code.labelToBci(label);
    }
}
