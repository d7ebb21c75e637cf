package dev.arclet.launcher.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.format.FormatException;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.launcher.LauncherException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a page may put into an {@code arclet:} address, and what not. */
class SchemeLinkTest {
    private static final String ID = "4kcmparryrlpvzimxnrx3273g7u7bagfl66w6ulja3srbjbuybjq";

    @Test
    void unwrapsTheLinkThatAGalleryWrites() throws Exception {
        String link =
                SchemeLink.unwrap(
                        "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fshell%23p%3D" + ID);
        assertEquals("https://example.org/vm/shell#p=" + ID, link);
        assertEquals("shell", ArcletLink.parse(link).name());
        assertEquals(
                link,
                SchemeLink.unwrap(
                        "arclet://open/?u=https%3a%2f%2fexample.org%2fvm%2fshell%23p%3D" + ID));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arclet:https://example.org/vm/x",
                "arclet://run?u=https%3A%2F%2Fexample.org%2Fvm%2Fx",
                "arclet://open",
                "arclet://open?x=1",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx&v=1",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx#y",
                "arclet://open?u=https://example.org/vm/x",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%2",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%zz",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%0A",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%00",
                "arclet://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx%20y",
                "arclet://open?u=https%3A%2F%2Fex%C3%A4mple.org%2Fvm%2Fx",
                "arclet://open?u=\"--help\"",
                "arclet://open?u=a\nb",
                "ARCLET://open?u=https%3A%2F%2Fexample.org%2Fvm%2Fx"
            })
    void refuses(String address) {
        assertThrows(LauncherException.class, () -> SchemeLink.unwrap(address));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arclet://open?u=file%3A%2F%2F%2Fetc%2Fvm%2Fpasswd",
                "arclet://open?u=http%3A%2F%2Fexample.org%2Fvm%2Fx",
                "arclet://open?u=https%3A%2F%2Fuser%3Apw%40example.org%2Fvm%2Fx",
                "arclet://open?u=https%3A%2F%2Fexample.org%2F..%2Fvm%2Fx",
                "arclet://open?u=javascript%3Aalert(1)",
                "arclet://open?u=%2Fetc%2Fpasswd",
                "arclet://open?u=--headless",
                "arclet://open?u=arclet%3A%2F%2Fopen%3Fu%3Dx"
            })
    void leadsToNothingButALink(String address) {
        assertThrows(FormatException.class, () -> ArcletLink.parse(SchemeLink.unwrap(address)));
    }

    @Test
    void refusesWhatIsTooLong() {
        assertThrows(
                LauncherException.class,
                () -> SchemeLink.unwrap("arclet://open?u=" + "a".repeat(2048)));
    }
}
