package dev.arclet.emulator.net;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A question to the name server and the answers to it (RFC 1035 section 4). */
final class DnsMessage {
    static final int TYPE_A = 1;
    static final int TYPE_PTR = 12;
    static final int TYPE_ANY = 255;
    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int NOT_IMPLEMENTED = 4;
    static final int REFUSED = 5;

    private static final int HEADER = 12;
    private static final int CLASS_IN = 1;
    private static final int MAX_NAME = 253;
    private static final int TIME_TO_LIVE_SECONDS = 60;
    private static final int FLAG_RESPONSE = 0x8000;
    private static final int FLAG_RECURSION_AVAILABLE = 0x0080;
    private static final int FLAGS_ECHOED = 0x7900; // opcode, recursion desired

    /** Answers at most, so that a reply fits into 512 bytes (section 4.2.1). */
    private static final int MAX_ANSWERS = 12;

    private final byte[] head;
    private final byte[] question;
    private final String name;
    private final int type;
    private final int problem;

    private DnsMessage(byte[] head, byte[] question, String name, int type, int problem) {
        this.head = head;
        this.question = question;
        this.name = name;
        this.type = type;
        this.problem = problem;
    }

    /** Reads a query; null if it is none that could be answered. */
    static DnsMessage parse(byte[] data, int from, int length) {
        if (length < HEADER || (data[from + 2] & 0x80) != 0) {
            return null;
        }
        byte[] head = new byte[HEADER];
        System.arraycopy(data, from, head, 0, HEADER);
        int opcode = data[from + 2] >>> 3 & 15;
        int questions = Bytes.u16(data, from + 4);
        if (opcode != 0) {
            return new DnsMessage(head, new byte[0], "", 0, NOT_IMPLEMENTED);
        }
        DnsMessage malformed = new DnsMessage(head, new byte[0], "", 0, FORMAT_ERROR);
        if (questions != 1) {
            return malformed;
        }
        StringBuilder name = new StringBuilder();
        int at = from + HEADER;
        int end = from + length;
        while (true) {
            if (at >= end) {
                return malformed;
            }
            int label = Bytes.u8(data, at++);
            if (label == 0) {
                break;
            }
            // No compression in the first name of a message: there is nothing to point at.
            if (label > 63 || at + label > end || name.length() + label + 1 > MAX_NAME + 1) {
                return malformed;
            }
            if (!name.isEmpty()) {
                name.append('.');
            }
            for (int i = 0; i < label; i++) {
                int c = Bytes.u8(data, at + i);
                // A dot or an oddity within a label would be another name to the resolver.
                boolean usual = c >= '0' && c <= '9' || c == '-' || c == '_';
                boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
                if (!usual && !letter) {
                    return malformed;
                }
                name.append((char) c);
            }
            at += label;
        }
        if (at + 4 > end) {
            return malformed;
        }
        int type = Bytes.u16(data, at);
        int dnsClass = Bytes.u16(data, at + 2);
        byte[] question = new byte[at + 4 - from - HEADER];
        System.arraycopy(data, from + HEADER, question, 0, question.length);
        return new DnsMessage(
                head,
                question,
                name.toString().toLowerCase(Locale.ROOT),
                type,
                dnsClass == CLASS_IN ? NO_ERROR : NOT_IMPLEMENTED);
    }

    /** The name asked for, in lower case, without a final dot. */
    String name() {
        return name;
    }

    /** The type of record asked for. */
    int type() {
        return type;
    }

    /** {@link #NO_ERROR}, or the response code that is the only answer. */
    int problem() {
        return problem;
    }

    private ByteArrayOutputStream begin(int code, int answers) {
        byte[] h = head.clone();
        int flags = Bytes.u16(head, 2) & FLAGS_ECHOED | FLAG_RESPONSE | FLAG_RECURSION_AVAILABLE;
        Bytes.put16(h, 2, flags | code);
        Bytes.put16(h, 4, question.length == 0 ? 0 : 1);
        Bytes.put16(h, 6, answers);
        Bytes.put32(h, 8, 0);
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        out.writeBytes(h);
        out.writeBytes(question);
        return out;
    }

    private void record(ByteArrayOutputStream out, int recordType, byte[] value) {
        byte[] fields = new byte[12];
        Bytes.put16(fields, 0, 0xC000 | HEADER); // the question's name
        Bytes.put16(fields, 2, recordType);
        Bytes.put16(fields, 4, CLASS_IN);
        Bytes.put32(fields, 6, TIME_TO_LIVE_SECONDS);
        Bytes.put16(fields, 10, value.length);
        out.writeBytes(fields);
        out.writeBytes(value);
    }

    /** A response without records. */
    byte[] answer(int code) {
        return begin(code, 0).toByteArray();
    }

    /** A response with addresses. */
    byte[] answer(int[] addresses) {
        int count = Math.min(addresses.length, MAX_ANSWERS);
        ByteArrayOutputStream out = begin(NO_ERROR, count);
        for (int i = 0; i < count; i++) {
            byte[] value = new byte[4];
            Bytes.put32(value, 0, addresses[i]);
            record(out, TYPE_A, value);
        }
        return out.toByteArray();
    }

    /** A response with a name, for a pointer query. */
    byte[] answer(String pointer) {
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        for (String label : pointer.split("\\.", -1)) {
            value.write(label.length());
            value.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        value.write(0);
        ByteArrayOutputStream out = begin(NO_ERROR, 1);
        record(out, TYPE_PTR, value.toByteArray());
        return out.toByteArray();
    }
}
