package dev.arclet.launcher.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.arclet.launcher.boot.ExpectScript.Answer;
import dev.arclet.launcher.boot.ExpectScript.Source;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpectScriptTest {
    private static List<Answer> feed(ExpectScript script, String text) {
        List<Answer> answers = new ArrayList<>();
        for (char c : text.toCharArray()) {
            answers.addAll(script.serial(c));
        }
        return answers;
    }

    @Test
    void answersWhatWasSeenOnSerialOnSerialAndInOrder() {
        ExpectScript script = new ExpectScript();
        script.expect("login:");
        script.type("root\\n");
        script.expect("# ");
        assertEquals(List.of(), feed(script, "boot # log"));
        assertEquals(List.of(new Answer("root\n", Source.SERIAL)), feed(script, "in:"));
        assertFalse(script.complete(), "the prompt before the login does not count");
        feed(script, " # ");
        assertTrue(script.complete());
    }

    @Test
    void keysGoToTheKeyboardWhereverTheTextWasSeen() {
        ExpectScript script = new ExpectScript();
        script.expect("$ ");
        script.type("a");
        script.keys("b\\n");
        assertEquals(
                List.of(new Answer("a", Source.SERIAL), new Answer("b\n", Source.SCREEN)),
                feed(script, "$ "));
    }

    @Test
    void answersWhatWasSeenOnTheScreenWithKeys() {
        ExpectScript script = new ExpectScript();
        script.expect("C:\\>");
        script.type("dir\\n");
        assertEquals(List.of(new Answer("dir\n", Source.SCREEN)), script.screen("Hello\nC:\\>\n"));
        assertTrue(script.complete());
        assertTrue(script.endsWithAnswer());
    }

    @Test
    void waitsForTheSerialLineAloneIfTold() {
        ExpectScript script = new ExpectScript();
        script.expectSerial("login: ");
        script.type("root\\n");
        assertEquals(List.of(), script.screen("debian tty1\n\ndebian login:\n"));
        assertFalse(script.complete(), "that login is the screen's");
        assertEquals(List.of(new Answer("root\n", Source.SERIAL)), feed(script, "login: "));
        assertTrue(script.complete());
    }

    @Test
    void findsAPromptWithItsBlankAtTheEndOfALine() {
        ExpectScript script = new ExpectScript();
        script.expect("root# ");
        script.screen("arclet:/root#\n\n");
        assertTrue(script.complete());
    }

    @Test
    void onePieceOfOutputDoesNotSatisfyTheSameTextTwice() {
        ExpectScript script = new ExpectScript();
        script.expect("ok");
        script.expect("ok");
        feed(script, "ok");
        assertFalse(script.complete());
        assertEquals("ok", script.awaited());
        feed(script, " ok");
        assertTrue(script.complete());
    }

    @Test
    void typesAtOnceWithoutAnythingToWaitFor() {
        ExpectScript script = new ExpectScript();
        script.type("a\\\\b\\e");
        assertEquals(List.of(new Answer("a\\b\033", Source.SERIAL)), script.begin());
    }

    @Test
    void clicksKeepTheirPlaceAmongWhatIsTyped() {
        ExpectScript script = new ExpectScript();
        script.expect("ready");
        script.type("a");
        script.click("30,40");
        script.type("b");
        assertEquals(
                List.of(
                        new Answer("a", Source.SCREEN),
                        new Answer("30,40", Source.POINTER),
                        new Answer("b", Source.SCREEN)),
                script.screen("ready"));
        assertTrue(script.endsWithAnswer());
    }

    @Test
    void pausesKeepTheirPlaceAmongWhatIsTyped() {
        ExpectScript script = new ExpectScript();
        script.expect("Password: ");
        script.pause(2);
        script.type("arclet\\n");
        assertEquals(
                List.of(new Answer("2", Source.CLOCK), new Answer("arclet\n", Source.SERIAL)),
                feed(script, "Password: "));
    }
}
