package dev.arclet.launcher.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A conversation with a guest: texts and pictures to wait for, in order, each with what to type
 * once it was seen. Texts are looked for in what the serial line sent since the last match, and on
 * the text screen; pictures on the screen in any mode.
 *
 * <p>Not thread-safe.
 */
public final class ExpectScript {
    /** Where a text was seen, and so where the answer goes. */
    public enum Source {
        /** The serial line. */
        SERIAL,
        /** The screen; answers are typed on the keyboard. */
        SCREEN,
        /** Answers only: a click with the left button at the place {@code X,Y}. */
        POINTER,
        /** Answers only: for so many seconds of this computer's nothing is typed or clicked. */
        CLOCK
    }

    /**
     * What to type or click.
     *
     * @param text characters; a newline is the Enter key. Of a click, the place; of a pause, the
     *     seconds
     * @param source where it goes
     */
    public record Answer(String text, Source source) {}

    /** An answer that waits for its step, and where it goes if not to where the step is seen. */
    private record Reply(String text, Optional<Source> source) {}

    private record Step(
            String expected,
            boolean onScreen,
            Optional<PictureMatch> picture,
            List<Reply> answers) {}

    /** Longest tail of serial output that is kept for matching. */
    private static final int WINDOW = 1 << 20;

    private final List<Step> steps = new ArrayList<>();
    private final StringBuilder serial = new StringBuilder();
    private String screen = "";
    private int next;
    private Consumer<String> onSeen = text -> {};

    /** Told each text when it is seen. */
    public void onSeen(Consumer<String> listener) {
        onSeen = listener;
    }

    /** Appends a text to wait for. */
    public void expect(String text) {
        steps.add(new Step(text, true, Optional.empty(), new ArrayList<>()));
    }

    /**
     * Appends a text to wait for on the serial line only: a guest with a login on both would have
     * it taken for the screen's.
     */
    public void expectSerial(String text) {
        steps.add(new Step(text, false, Optional.empty(), new ArrayList<>()));
    }

    /** Appends a picture to wait for. */
    public void expect(PictureMatch picture) {
        steps.add(new Step(picture.name(), true, Optional.of(picture), new ArrayList<>()));
    }

    /**
     * Appends what to type after the text added last, there where it is seen; before any text, at
     * once.
     *
     * @param text may have the escapes {@code \n \r \t \e \\}
     */
    public void type(String text) {
        reply(new Reply(unescape(text), Optional.empty()));
    }

    /** The same, on the keyboard wherever the text is seen. */
    public void keys(String text) {
        reply(new Reply(unescape(text), Optional.of(Source.SCREEN)));
    }

    /**
     * Appends a click after what was added last.
     *
     * @param place {@code X,Y} in pixels
     */
    public void click(String place) {
        reply(new Reply(place, Optional.of(Source.POINTER)));
    }

    /**
     * Appends a pause after what was added last: programs that ask for a password forget what is
     * typed together with their prompt.
     *
     * @param seconds 0 or more
     */
    public void pause(int seconds) {
        reply(new Reply(Integer.toString(seconds), Optional.of(Source.CLOCK)));
    }

    private void reply(Reply reply) {
        if (steps.isEmpty()) {
            expect("");
        }
        steps.getLast().answers().add(reply);
    }

    private static String unescape(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\' || i + 1 == text.length()) {
                out.append(c);
                continue;
            }
            char escape = text.charAt(++i);
            switch (escape) {
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'e' -> out.append('\033');
                case '\\' -> out.append('\\');
                default -> out.append('\\').append(escape);
            }
        }
        return out.toString();
    }

    /** Takes a byte that the guest sent on the serial line; returns what to type now. */
    public List<Answer> serial(int value) {
        if (serial.length() >= WINDOW) {
            serial.delete(0, WINDOW / 2);
        }
        serial.append((char) (value & 0xFF));
        return advance();
    }

    /** Takes what the text screen shows now; returns what to type now. */
    public List<Answer> screen(String text) {
        // Lines come without their trailing blanks, but a prompt may be expected with its blank.
        String padded = text.replace("\n", " \n");
        if (padded.equals(screen)) {
            return List.of();
        }
        screen = padded;
        return advance();
    }

    /** Whether a picture is waited for now. */
    public boolean awaitsPicture() {
        return !complete() && steps.get(next).picture().isPresent();
    }

    /**
     * Takes the picture that the screen shows now; returns what to type now.
     *
     * @param pixels {@code width * height} pixels {@code 0x00RRGGBB}, row by row
     */
    public List<Answer> picture(int width, int height, int[] pixels) {
        if (!awaitsPicture() || !steps.get(next).picture().get().matches(width, height, pixels)) {
            return List.of();
        }
        List<Answer> answers = new ArrayList<>();
        seen(steps.get(next), Source.SCREEN, answers);
        answers.addAll(advance());
        return answers;
    }

    /** Before the guest starts: what to type without waiting for anything. */
    public List<Answer> begin() {
        return advance();
    }

    private List<Answer> advance() {
        List<Answer> answers = new ArrayList<>();
        while (next < steps.size()) {
            Step step = steps.get(next);
            if (step.picture().isPresent()) {
                break;
            }
            int at = serial.indexOf(step.expected());
            Source source = Source.SERIAL;
            if (at >= 0) {
                serial.delete(0, at + step.expected().length());
            } else if (step.onScreen() && screen.contains(step.expected())) {
                source = Source.SCREEN;
            } else {
                break;
            }
            seen(step, source, answers);
        }
        return answers;
    }

    private void seen(Step step, Source source, List<Answer> answers) {
        next++;
        onSeen.accept(step.expected());
        for (Reply reply : step.answers()) {
            answers.add(new Answer(reply.text(), reply.source().orElse(source)));
        }
    }

    /** Whether there is anything to wait for. */
    public boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Whether everything was seen. */
    public boolean complete() {
        return next == steps.size();
    }

    /**
     * Whether something is typed after what was seen last: then the guest is given time to act on
     * it.
     */
    public boolean endsWithAnswer() {
        return !steps.isEmpty() && !steps.getLast().answers().isEmpty();
    }

    /** The text or the picture's name that is waited for now; empty if complete. */
    public String awaited() {
        return complete() ? "" : steps.get(next).expected();
    }
}
