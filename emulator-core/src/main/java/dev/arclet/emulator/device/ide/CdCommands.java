package dev.arclet.emulator.device.ide;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a CD-ROM drive makes of command packets (MMC-3, T10 1363D; SPC-2): sense data, medium state,
 * table of contents, mode pages. It moves no data itself: it says what is to be moved.
 */
final class CdCommands {
    static final String PRODUCT = "Arclet CD-ROM";

    /** Sense key, additional code, qualifier: one byte each. */
    static final int MEDIUM_NOT_PRESENT = 0x02_3A_00;

    static final int UNRECOVERED_READ_ERROR = 0x03_11_00;
    static final int INVALID_COMMAND = 0x05_20_00;
    static final int ADDRESS_OUT_OF_RANGE = 0x05_21_00;
    static final int INVALID_FIELD = 0x05_24_00;
    static final int INVALID_MODE_FOR_TRACK = 0x05_64_00;
    static final int SAVING_NOT_SUPPORTED = 0x05_39_00;
    static final int REMOVAL_PREVENTED = 0x05_53_02;
    static final int MEDIUM_MAY_HAVE_CHANGED = 0x06_28_00;
    static final int POWER_ON_OR_RESET = 0x06_29_00;

    private static final int PROFILE_CD_ROM = 0x08;
    private static final int PROFILE_DVD_ROM = 0x10;
    private static final long LARGEST_CD = 405_000; // sectors: 90 minutes
    private static final int LEAD_IN_FRAMES = 150;
    private static final int FRAMES = 75;
    private static final int LEAD_OUT = 0xAA;
    private static final int TRACK_DATA = 0x14;

    /** What a packet leads to. */
    enum Kind {
        /** The command failed with sense data. */
        FAILED,
        /** It is done. */
        DONE,
        /** A reply goes to the guest. */
        REPLY,
        /** Sectors go to the guest. */
        READ,
        /** Parameters come from the guest, and are ignored. */
        TAKE,
        /** The disc is to be taken out. */
        EJECT
    }

    /**
     * The outcome of a packet.
     *
     * @param sense of FAILED
     * @param reply of REPLY
     * @param sector the first of READ
     * @param count sectors of READ, bytes of TAKE
     */
    record Outcome(Kind kind, int sense, byte[] reply, long sector, int count) {}

    private long sectors;
    private int sense;
    private int attention = POWER_ON_OR_RESET;
    private boolean locked;

    /** An event of the media class that was not reported yet: 0 none, 2 new medium, 3 removal. */
    private int mediaEvent;

    void setSectors(long count) {
        sectors = count;
    }

    void mediumChanged(long count) {
        sectors = count;
        attention = count == 0 ? 0 : MEDIUM_MAY_HAVE_CHANGED;
        mediaEvent = count == 0 ? 3 : 2;
    }

    /** Keeps a command's sense data for REQUEST SENSE. */
    void remember(int value) {
        sense = value;
    }

    void reset() {
        sense = 0;
        attention = POWER_ON_OR_RESET;
        locked = false;
        mediaEvent = 0;
    }

    private static Outcome failed(int sense) {
        return new Outcome(Kind.FAILED, sense, new byte[0], 0, 0);
    }

    private static Outcome done() {
        return new Outcome(Kind.DONE, 0, new byte[0], 0, 0);
    }

    /** A reply, cut to what the guest wants. */
    private static Outcome reply(ByteBuffer content, int wanted) {
        byte[] bytes = Arrays.copyOf(content.array(), content.position());
        return new Outcome(
                Kind.REPLY, 0, Arrays.copyOf(bytes, Math.min(bytes.length, wanted)), 0, 0);
    }

    private static int word(byte[] packet, int at) {
        return (packet[at] & 0xFF) << 8 | packet[at + 1] & 0xFF;
    }

    private static long dword(byte[] packet, int at) {
        return (long) word(packet, at) << 16 | word(packet, at + 2);
    }

    Outcome execute(byte[] packet, boolean present) {
        int code = packet[0] & 0xFF;
        boolean always = code == 0x03 || code == 0x12 || code == 0x46 || code == 0x4A;
        if (attention != 0 && !always) {
            int cause = attention;
            attention = 0;
            return failed(cause);
        }
        Outcome outcome = withoutMedium(code, packet, present);
        if (outcome != null) {
            return outcome;
        }
        return present ? withMedium(code, packet) : failed(MEDIUM_NOT_PRESENT);
    }

    /** Commands that an empty drive executes too; null for others. */
    private Outcome withoutMedium(int code, byte[] packet, boolean present) {
        return switch (code) {
            case 0x03 -> requestSense(packet[4] & 0xFF);
            case 0x12 -> inquiry(packet);
            case 0x1B -> startStop(packet[4] & 3);
            case 0x1E -> {
                locked = (packet[4] & 1) != 0;
                yield done();
            }
            case 0x46 -> configuration(packet, present);
            case 0x4A -> event(packet, present);
            case 0x55 ->
                    (packet[1] & 1) != 0
                            ? failed(SAVING_NOT_SUPPORTED)
                            : new Outcome(Kind.TAKE, 0, new byte[0], 0, word(packet, 7));
            case 0x5A -> modeSense(packet[2] & 0xFF, word(packet, 7), present);
            case 0xBB -> done(); // SET CD SPEED
            case 0xBD -> reply(ByteBuffer.allocate(8).position(8), word(packet, 8));
            case 0x00, 0x25, 0x28, 0x2B, 0x2F, 0x42, 0x43, 0x44, 0x51, 0xA8, 0xAD, 0xB9, 0xBE ->
                    null;
            default -> failed(INVALID_COMMAND);
        };
    }

    private Outcome withMedium(int code, byte[] packet) {
        return switch (code) {
            case 0x00 -> done();
            case 0x25 -> reply(ByteBuffer.allocate(8).putInt((int) sectors - 1).putInt(2048), 8);
            case 0x28 -> read(dword(packet, 2), word(packet, 7));
            case 0xA8 -> read(dword(packet, 2), dword(packet, 6));
            case 0x2B, 0x2F -> {
                long address = dword(packet, 2);
                yield address >= sectors ? failed(ADDRESS_OUT_OF_RANGE) : done();
            }
            case 0x42 -> subchannel(packet);
            case 0x43 -> tableOfContents(packet);
            case 0x44 -> header(packet);
            case 0x51 -> discInformation(word(packet, 7));
            case 0xAD -> dvdStructure(packet);
            case 0xBE -> readCd(packet, dword(packet, 2));
            default -> readCd(packet, frames(packet, 3)); // B9h READ CD MSF
        };
    }

    private Outcome read(long address, long count) {
        if (address + count > sectors) {
            return failed(ADDRESS_OUT_OF_RANGE);
        }
        return new Outcome(Kind.READ, 0, new byte[0], address, (int) count);
    }

    /** User data only; other parts of a sector are refused. */
    private Outcome readCd(byte[] packet, long address) {
        boolean byTime = (packet[0] & 0xFF) == 0xB9;
        long count =
                byTime ? frames(packet, 6) - address : (packet[6] & 0xFFL) << 16 | word(packet, 7);
        int parts = packet[9] & 0xF8;
        if (count <= 0 || parts == 0) {
            return done();
        }
        if (parts != 0x10 || (packet[10] & 7) != 0) {
            return failed(INVALID_FIELD);
        }
        int type = packet[1] >> 2 & 7;
        if (type == 1 || type == 3) {
            return failed(INVALID_MODE_FOR_TRACK);
        }
        return read(address, count);
    }

    private static long frames(byte[] packet, int at) {
        return ((packet[at] & 0xFF) * 60L + (packet[at + 1] & 0xFF)) * FRAMES
                + (packet[at + 2] & 0xFF)
                - LEAD_IN_FRAMES;
    }

    private Outcome requestSense(int wanted) {
        int value = sense == 0 ? attention : sense;
        if (sense == 0) {
            attention = 0;
        }
        sense = 0;
        ByteBuffer out = ByteBuffer.allocate(18);
        out.put((byte) 0x70).put((byte) 0).put((byte) (value >> 16)).putInt(0).put((byte) 10);
        out.putInt(0).put((byte) (value >> 8)).put((byte) value).putInt(0);
        return reply(out, wanted);
    }

    private static Outcome inquiry(byte[] packet) {
        if ((packet[1] & 1) != 0 || packet[2] != 0) {
            return failed(INVALID_FIELD);
        }
        ByteBuffer out = ByteBuffer.allocate(36);
        out.put((byte) 5).put((byte) 0x80).put((byte) 0).put((byte) 0x21).put((byte) 31);
        out.put(new byte[3]).put(padded("ARCLET", 8)).put(padded(PRODUCT, 16));
        out.put(padded("1.0", 4));
        return reply(out, word(packet, 3) & 0xFF);
    }

    private static byte[] padded(String text, int length) {
        byte[] out = new byte[length];
        Arrays.fill(out, (byte) ' ');
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, out, 0, Math.min(ascii.length, length));
        return out;
    }

    private Outcome startStop(int action) {
        if (action != 2) {
            return done(); // spinning up and down; loading what lies in the tray
        }
        return locked ? failed(REMOVAL_PREVENTED) : new Outcome(Kind.EJECT, 0, new byte[0], 0, 0);
    }

    private int profile(boolean present) {
        if (!present) {
            return 0;
        }
        return sectors > LARGEST_CD ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
    }

    /** GET CONFIGURATION: profile list, core, removable medium, CD and DVD read. */
    private Outcome configuration(byte[] packet, boolean present) {
        int current = profile(present);
        ByteBuffer out = ByteBuffer.allocate(64);
        out.putInt(0).putShort((short) 0).putShort((short) current);
        feature(out, 0x0000, 3, 8);
        profileEntry(out, PROFILE_DVD_ROM, current);
        profileEntry(out, PROFILE_CD_ROM, current);
        feature(out, 0x0001, 0x0B, 8);
        out.putInt(2).putInt(0x0100_0000); // ATAPI, device busy event
        feature(out, 0x0003, 3, 4);
        out.putInt(0x2900_0000); // tray, eject, lock
        feature(out, 0x001E, current == PROFILE_CD_ROM ? 1 : 0, 4);
        out.putInt(0);
        feature(out, 0x001F, current == PROFILE_DVD_ROM ? 1 : 0, 4);
        out.putInt(0);
        out.putInt(0, out.position() - 4);
        return reply(out, word(packet, 7));
    }

    private static void feature(ByteBuffer out, int code, int flags, int length) {
        out.putShort((short) code).put((byte) flags).put((byte) length);
    }

    private static void profileEntry(ByteBuffer out, int profile, int current) {
        out.putShort((short) profile).put((byte) (profile == current ? 1 : 0)).put((byte) 0);
    }

    /** GET EVENT STATUS NOTIFICATION, polled only: the media class. */
    private Outcome event(byte[] packet, boolean present) {
        if ((packet[1] & 1) == 0) {
            return failed(INVALID_FIELD);
        }
        ByteBuffer out = ByteBuffer.allocate(8);
        if ((packet[4] & 0x10) == 0) {
            out.putShort((short) 2).put((byte) 0x80).put((byte) 0x10);
        } else {
            out.putShort((short) 6).put((byte) 4).put((byte) 0x10);
            out.put((byte) mediaEvent).put((byte) (present ? 2 : 0)).putShort((short) 0);
            mediaEvent = 0;
        }
        return reply(out, word(packet, 7));
    }

    private Outcome modeSense(int control, int wanted, boolean present) {
        if (control >> 6 == 3) {
            return failed(SAVING_NOT_SUPPORTED);
        }
        int page = control & 0x3F;
        boolean changeable = control >> 6 == 1;
        ByteBuffer out = ByteBuffer.allocate(128);
        out.putShort((short) 0).put((byte) (present ? 0x01 : 0x70)).put(new byte[5]);
        boolean all = page == 0x3F;
        boolean known = all;
        if (all || page == 0x01) {
            page(out, changeable, 0x01, 6, 0, 5, 0, 0, 0, 0);
            known = true;
        }
        if (all || page == 0x0D) {
            page(out, changeable, 0x0D, 6, 0, 0x0D, 0, 60, 0, FRAMES);
            known = true;
        }
        if (all || page == 0x0E) {
            page(out, changeable, 0x0E, 14, 4, 0, 0, 0, 0, FRAMES, 1, 0xFF, 2, 0xFF, 0, 0, 0, 0);
            known = true;
        }
        if (all || page == 0x2A) {
            int lock = locked ? 0x2B : 0x29;
            page(
                    out,
                    changeable,
                    0x2A,
                    18,
                    0x3B,
                    0,
                    0x70,
                    0x20,
                    lock,
                    0,
                    0x1B,
                    0x90,
                    0,
                    2,
                    2,
                    0,
                    0x1B,
                    0x90,
                    0,
                    0,
                    0,
                    0);
            known = true;
        }
        if (!known) {
            return failed(INVALID_FIELD);
        }
        out.putShort(0, (short) (out.position() - 2));
        return reply(out, wanted);
    }

    /** A mode page; nothing of any page can be changed. */
    private static void page(
            ByteBuffer out, boolean changeable, int code, int length, int... values) {
        out.put((byte) code).put((byte) length);
        for (int value : values) {
            out.put((byte) (changeable ? 0 : value));
        }
    }

    private static void address(ByteBuffer out, boolean byTime, long sector) {
        if (byTime) {
            long frames = sector + LEAD_IN_FRAMES;
            out.put((byte) 0).put((byte) (frames / FRAMES / 60));
            out.put((byte) (frames / FRAMES % 60)).put((byte) (frames % FRAMES));
        } else {
            out.putInt((int) sector);
        }
    }

    /** READ TOC: formats 0 (tracks), 1 (session) and 2 (everything). */
    private Outcome tableOfContents(byte[] packet) {
        boolean byTime = (packet[1] & 2) != 0;
        int format = packet[2] & 0x0F;
        if (format == 0) {
            format = packet[9] >> 6 & 3; // as SFF-8020i has it
        }
        int wanted = word(packet, 7);
        ByteBuffer out = ByteBuffer.allocate(64);
        out.putShort((short) 0).put((byte) 1).put((byte) 1);
        switch (format) {
            case 0 -> {
                int first = packet[6] & 0xFF;
                if (first > 1 && first != LEAD_OUT) {
                    return failed(INVALID_FIELD);
                }
                if (first <= 1) {
                    out.put((byte) 0).put((byte) TRACK_DATA).put((byte) 1).put((byte) 0);
                    address(out, byTime, 0);
                }
                out.put((byte) 0).put((byte) TRACK_DATA).put((byte) LEAD_OUT).put((byte) 0);
                address(out, byTime, sectors);
            }
            case 1 -> {
                out.put((byte) 0).put((byte) TRACK_DATA).put((byte) 1).put((byte) 0);
                address(out, byTime, 0);
            }
            case 2 -> {
                rawEntry(out, 0xA0, new byte[] {1, 0, 0});
                rawEntry(out, 0xA1, new byte[] {1, 0, 0});
                rawEntry(out, 0xA2, time(sectors));
                rawEntry(out, 1, time(0));
            }
            default -> {
                return failed(INVALID_FIELD);
            }
        }
        out.putShort(0, (short) (out.position() - 2));
        return reply(out, wanted);
    }

    private static byte[] time(long sector) {
        ByteBuffer four = ByteBuffer.allocate(4);
        address(four, true, sector);
        return Arrays.copyOfRange(four.array(), 1, 4);
    }

    private static void rawEntry(ByteBuffer out, int point, byte[] value) {
        out.put((byte) 1).put((byte) TRACK_DATA).put((byte) 0).put((byte) point);
        out.putInt(0).put(value);
    }

    private Outcome subchannel(byte[] packet) {
        ByteBuffer out = ByteBuffer.allocate(16);
        out.put((byte) 0).put((byte) 0x15).putShort((short) 0); // no audio status
        if ((packet[2] & 0x40) != 0) {
            if (packet[3] != 1) {
                return failed(INVALID_FIELD);
            }
            out.put((byte) 1).put((byte) TRACK_DATA).put((byte) 1).put((byte) 1);
            boolean byTime = (packet[1] & 2) != 0;
            address(out, byTime, 0);
            address(out, byTime, 0);
            out.putShort(2, (short) 12);
        }
        return reply(out, word(packet, 7));
    }

    private Outcome header(byte[] packet) {
        long sector = dword(packet, 2);
        if (sector >= sectors) {
            return failed(ADDRESS_OUT_OF_RANGE);
        }
        ByteBuffer out = ByteBuffer.allocate(8).putInt(0x0100_0000); // mode 1
        address(out, (packet[1] & 2) != 0, sector);
        return reply(out, word(packet, 7));
    }

    /** A finished disc with one session of one track. */
    private Outcome discInformation(int wanted) {
        ByteBuffer out = ByteBuffer.allocate(34);
        out.putShort((short) 32).put((byte) 0x0E).put(new byte[] {1, 1, 1, 1});
        out.put((byte) 0x20).put(new byte[26]);
        return reply(out, wanted);
    }

    /** Format 0, the physical layout of a DVD with one layer. */
    private Outcome dvdStructure(byte[] packet) {
        if (profile(true) != PROFILE_DVD_ROM || packet[6] != 0 || packet[7] != 0) {
            return failed(INVALID_FIELD);
        }
        ByteBuffer out = ByteBuffer.allocate(21);
        out.putShort((short) 19).putShort((short) 0);
        out.put((byte) 1).put((byte) 0x0F).put((byte) 1).put((byte) 0);
        out.putInt(0x3_0000).putInt((int) (0x3_0000 + sectors - 1)).putInt(0).put((byte) 0);
        return reply(out, word(packet, 8));
    }

    void save(SnapshotWriter out) {
        out.putInt("sense", sense);
        out.putInt("attention", attention);
        out.putBoolean("locked", locked);
        out.putInt("mediaEvent", mediaEvent);
    }

    void restore(SnapshotReader in) throws SnapshotException {
        sense = in.getInt("sense", 0, 0xFF_FFFF);
        attention = in.getInt("attention", 0, 0xFF_FFFF);
        locked = in.getBoolean("locked");
        mediaEvent = in.getInt("mediaEvent", 0, 3);
    }
}
