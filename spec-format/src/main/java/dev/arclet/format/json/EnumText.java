package dev.arclet.format.json;

import dev.arclet.format.model.Arch;
import java.util.Locale;
import java.util.Optional;

/**
 * The text form of the format's enumerations: lower case, hyphens for underscores (not in Arch).
 */
public final class EnumText {
    private EnumText() {}

    public static String of(Enum<?> value) {
        String lower = value.name().toLowerCase(Locale.ROOT);
        return value instanceof Arch ? lower : lower.replace('_', '-');
    }

    /** The constant with exactly this text form. */
    public static <E extends Enum<E>> Optional<E> parse(Class<E> type, String text) {
        for (E value : type.getEnumConstants()) {
            if (of(value).equals(text)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
