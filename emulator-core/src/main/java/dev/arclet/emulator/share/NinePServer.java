package dev.arclet.emulator.share;

import dev.arclet.emulator.snapshot.SnapshotException;
import dev.arclet.emulator.snapshot.SnapshotReader;
import dev.arclet.emulator.snapshot.SnapshotWriter;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Serves a {@link SharedFolder} by 9P2000.L, the dialect of Linux (plan 9's manual, section 5;
 * diod's {@code protocol.md}). One request in, one reply out; no threads. Files belong to user 0
 * and have permissions 755 or 644, without write permission if the folder is read-only.
 *
 * <p>Absent: extended attributes, links, special files, real locks (they always succeed).
 */
public final class NinePServer {
    /** Largest message. */
    public static final int MAX_MESSAGE = 256 << 10;

    private static final int MIN_MESSAGE = 4096;
    private static final int HEADER = 7;

    /** Names of files the guest may hold at a time. */
    private static final int MAX_FIDS = 4096;

    /** Files that are open on the host at a time; the one not used for longest is closed. */
    private static final int MAX_OPEN = 64;

    private static final int MAX_DEPTH = 64;
    private static final int MAX_WALK = 16;

    private static final int RLERROR = 7;
    private static final int TSTATFS = 8;
    private static final int TLOPEN = 12;
    private static final int TLCREATE = 14;
    private static final int TRENAME = 20;
    private static final int TREADLINK = 22;
    private static final int TGETATTR = 24;
    private static final int TSETATTR = 26;
    private static final int TXATTRWALK = 30;
    private static final int TREADDIR = 40;
    private static final int TFSYNC = 50;
    private static final int TLOCK = 52;
    private static final int TGETLOCK = 54;
    private static final int TMKDIR = 72;
    private static final int TRENAMEAT = 74;
    private static final int TUNLINKAT = 76;
    private static final int TVERSION = 100;
    private static final int TATTACH = 104;
    private static final int TFLUSH = 108;
    private static final int TWALK = 110;
    private static final int TREAD = 116;
    private static final int TWRITE = 118;
    private static final int TCLUNK = 120;
    private static final int TREMOVE = 122;

    private static final int QID_DIRECTORY = 0x80;
    private static final int QID_LINK = 0x02;
    private static final int OPEN_ACCESS = 3;
    private static final int OPEN_TRUNCATE = 0x200;
    private static final int SET_SIZE = 0x08;
    private static final int SET_MODIFIED = 0x20;
    private static final int SET_MODIFIED_TO = 0x100;
    private static final int REMOVE_DIRECTORY = 0x200;
    private static final long BASIC_ATTRIBUTES = 0x7FF;
    private static final int BLOCK = 4096;

    /** A name that the guest holds, perhaps opened. */
    private static final class Fid {
        private List<String> place;
        private boolean opened;
        private boolean write;

        /** A directory's names as they were when it was opened. */
        private List<String> names;

        Fid(List<String> place) {
            this.place = place;
        }
    }

    private final SharedFolder folder;
    private final Map<Integer, Fid> fids = new LinkedHashMap<>();
    private final Map<Fid, FileChannel> open = new LinkedHashMap<>(16, 0.75f, true);
    private int messageSize = MIN_MESSAGE;

    /** A server of a folder. */
    public NinePServer(SharedFolder folder) {
        this.folder = folder;
    }

    /** Forgets what the guest holds and closes its files. */
    public void reset() {
        fids.clear();
        open.values().forEach(NinePServer::closeQuietly);
        open.clear();
        messageSize = MIN_MESSAGE;
    }

    private static void closeQuietly(FileChannel file) {
        try {
            file.close();
        } catch (IOException e) {
            System.getLogger(NinePServer.class.getName())
                    .log(System.Logger.Level.DEBUG, "closing a shared file failed", e);
        }
    }

    /**
     * Answers a request.
     *
     * @param message a whole message; any bytes will do
     * @param room how long the reply may be, at least 11 bytes
     * @return the reply
     */
    public byte[] answer(byte[] message, int room) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        int limit = Math.min(room, messageSize);
        ByteBuffer out =
                ByteBuffer.allocate(Math.max(limit, MIN_MESSAGE)).order(ByteOrder.LITTLE_ENDIAN);
        int type = message.length >= HEADER ? message[4] & 0xFF : 0;
        short tag = message.length >= HEADER ? in.getShort(5) : -1;
        out.position(HEADER);
        int error = 0;
        try {
            if (message.length < HEADER || in.getInt(0) != message.length) {
                throw new Errno(Errno.EINVAL);
            }
            in.position(HEADER);
            handle(type, in, out, limit);
            if (out.position() > room) {
                throw new Errno(Errno.EINVAL);
            }
        } catch (Errno e) {
            error = e.number();
        } catch (BufferUnderflowException e) {
            error = Errno.EINVAL; // the message ends within a field
        } catch (BufferOverflowException e) {
            error = Errno.ENAMETOOLONG; // a link's target has no room in the reply
        }
        if (error != 0) {
            out.position(HEADER);
            out.putInt(error);
            type = RLERROR - 1;
        }
        int length = out.position();
        out.putInt(0, length).put(4, (byte) (type + 1)).putShort(5, tag);
        byte[] reply = new byte[length];
        out.get(0, reply);
        return reply;
    }

    private void handle(int type, ByteBuffer in, ByteBuffer out, int limit) throws Errno {
        switch (type) {
            case TVERSION -> version(in, out);
            case TATTACH -> attach(in, out);
            case TWALK -> walk(in, out);
            case TLOPEN -> open(in, out);
            case TLCREATE -> create(in, out);
            case TREAD -> read(in, out, limit);
            case TREADDIR -> readDirectory(in, out, limit);
            case TWRITE -> write(in, out);
            case TGETATTR -> getAttributes(in, out);
            case TSETATTR -> setAttributes(in);
            case TSTATFS -> statistics(in, out);
            case TREADLINK -> string(out, folder.readLink(fid(in).place));
            case TMKDIR -> makeDirectory(in, out);
            case TUNLINKAT -> unlink(in);
            case TRENAMEAT -> renameAt(in);
            case TRENAME -> rename(in);
            case TREMOVE -> remove(in);
            case TCLUNK -> clunk(in.getInt());
            case TFSYNC -> sync(in);
            case TFLUSH -> in.getShort();
            case TLOCK -> out.put((byte) 0);
            case TGETLOCK -> getLock(in, out);
            case TXATTRWALK -> throw new Errno(Errno.EOPNOTSUPP);
            default -> throw new Errno(Errno.EOPNOTSUPP);
        }
    }

    private static String string(ByteBuffer in) throws Errno {
        int length = in.getShort() & 0xFFFF;
        if (length > in.remaining()) {
            throw new Errno(Errno.EINVAL);
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void string(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.putShort((short) bytes.length).put(bytes);
    }

    private Fid fid(ByteBuffer in) throws Errno {
        Fid fid = fids.get(in.getInt());
        if (fid == null) {
            throw new Errno(Errno.EBADF);
        }
        return fid;
    }

    private void hold(int number, Fid fid) throws Errno {
        if (fids.size() >= MAX_FIDS && !fids.containsKey(number)) {
            throw new Errno(Errno.EMFILE);
        }
        Fid old = fids.put(number, fid);
        if (old != null) {
            close(old);
        }
    }

    private static List<String> child(List<String> place, String name) throws Errno {
        SharedFolder.checkName(name);
        if (place.size() >= MAX_DEPTH) {
            throw new Errno(Errno.ENAMETOOLONG);
        }
        List<String> below = new ArrayList<>(place);
        below.add(name);
        return List.copyOf(below);
    }

    private void qid(ByteBuffer out, SharedFolder.Attributes a) {
        out.put((byte) (a.directory() ? QID_DIRECTORY : a.link() ? QID_LINK : 0));
        out.putInt((int) (a.modifiedNanos() ^ a.modifiedNanos() >>> 32));
        out.putLong(a.identity());
    }

    private void version(ByteBuffer in, ByteBuffer out) throws Errno {
        int wanted = in.getInt();
        String version = string(in);
        reset();
        messageSize = Math.clamp(wanted & 0xFFFFFFFFL, MIN_MESSAGE, MAX_MESSAGE);
        out.putInt(messageSize);
        string(out, version.equals("9P2000.L") ? version : "unknown");
    }

    private void attach(ByteBuffer in, ByteBuffer out) throws Errno {
        int number = in.getInt();
        SharedFolder.Attributes a = folder.attributes(List.of());
        hold(number, new Fid(List.of()));
        qid(out, a);
    }

    private void walk(ByteBuffer in, ByteBuffer out) throws Errno {
        Fid from = fid(in);
        int number = in.getInt();
        int count = in.getShort() & 0xFFFF;
        if (count > MAX_WALK) {
            throw new Errno(Errno.EINVAL);
        }
        List<String> place = from.place;
        int countAt = out.position();
        out.putShort((short) 0);
        for (int i = 0; i < count; i++) {
            String name = string(in);
            try {
                // Above the root is the root; elsewhere ".." is what it was reached from.
                List<String> next =
                        name.equals("..")
                                ? place.subList(0, Math.max(0, place.size() - 1))
                                : child(place, name);
                SharedFolder.Attributes a = folder.attributes(next);
                qid(out, a);
                place = List.copyOf(next);
            } catch (Errno e) {
                if (i == 0) {
                    throw e;
                }
                out.putShort(countAt, (short) i);
                return; // as far as it went; the new fid is not made
            }
        }
        out.putShort(countAt, (short) count);
        hold(number, new Fid(place));
    }

    private void open(ByteBuffer in, ByteBuffer out) throws Errno {
        Fid fid = fid(in);
        int flags = in.getInt();
        SharedFolder.Attributes a = folder.attributes(fid.place);
        if (a.directory()) {
            fid.names = folder.list(fid.place);
        } else {
            fid.write = (flags & OPEN_ACCESS) != 0;
            opened(fid, folder.open(fid.place, fid.write, false, (flags & OPEN_TRUNCATE) != 0));
        }
        fid.opened = true;
        qid(out, a);
        out.putInt(0);
    }

    private void create(ByteBuffer in, ByteBuffer out) throws Errno {
        Fid fid = fid(in);
        List<String> place = child(fid.place, string(in));
        FileChannel file = folder.open(place, true, true, false);
        fid.place = place;
        fid.write = true;
        fid.opened = true;
        opened(fid, file);
        qid(out, folder.attributes(place));
        out.putInt(0);
    }

    private void opened(Fid fid, FileChannel file) {
        FileChannel old = open.put(fid, file);
        if (old != null) {
            closeQuietly(old);
        }
        if (open.size() > MAX_OPEN) {
            Map.Entry<Fid, FileChannel> eldest = open.entrySet().iterator().next();
            open.remove(eldest.getKey());
            closeQuietly(eldest.getValue());
        }
    }

    /** The open file of a fid; opened again if it was closed for others or by a snapshot. */
    private FileChannel file(Fid fid) throws Errno {
        if (!fid.opened || fid.names != null) {
            throw new Errno(Errno.EBADF);
        }
        FileChannel file = open.get(fid);
        if (file == null) {
            file = folder.open(fid.place, fid.write, false, false);
            opened(fid, file);
        }
        return file;
    }

    private static int count(ByteBuffer in, int limit, int overhead) throws Errno {
        long count = in.getInt() & 0xFFFFFFFFL;
        if (limit <= overhead) {
            throw new Errno(Errno.EINVAL);
        }
        return (int) Math.min(count, limit - overhead);
    }

    private void read(ByteBuffer in, ByteBuffer out, int limit) throws Errno {
        FileChannel file = file(fid(in));
        long offset = in.getLong();
        byte[] bytes = new byte[count(in, limit, HEADER + 4)];
        if (offset < 0) {
            throw new Errno(Errno.EINVAL);
        }
        int n = SharedFolder.read(file, offset, bytes);
        out.putInt(n).put(bytes, 0, n);
    }

    private void readDirectory(ByteBuffer in, ByteBuffer out, int limit) throws Errno {
        Fid fid = fid(in);
        long offset = in.getLong();
        int room = count(in, limit, HEADER + 4);
        if (fid.names == null || offset < 0) {
            throw new Errno(Errno.EBADF);
        }
        int countAt = out.position();
        out.putInt(0);
        int end = out.position() + room;
        // Offsets are places in the list; "." and ".." come first.
        for (long i = offset; i < fid.names.size() + 2L; i++) {
            String name = i == 0 ? "." : i == 1 ? ".." : fid.names.get((int) i - 2);
            SharedFolder.Attributes a;
            try {
                a = folder.attributes(i < 2 ? fid.place : child(fid.place, name));
            } catch (Errno gone) {
                continue;
            }
            int bytes = 13 + 8 + 1 + 2 + name.getBytes(StandardCharsets.UTF_8).length;
            if (out.position() + bytes > end) {
                break;
            }
            qid(out, a);
            out.putLong(i + 1).put((byte) (a.directory() ? 4 : a.link() ? 10 : 8));
            string(out, name);
        }
        out.putInt(countAt, out.position() - countAt - 4);
    }

    private void write(ByteBuffer in, ByteBuffer out) throws Errno {
        Fid fid = fid(in);
        long offset = in.getLong();
        int count = in.getInt();
        if (!fid.write || offset < 0 || count < 0 || count > in.remaining()) {
            throw new Errno(fid.write ? Errno.EINVAL : Errno.EBADF);
        }
        byte[] bytes = new byte[count];
        in.get(bytes);
        SharedFolder.write(file(fid), offset, bytes);
        out.putInt(count);
    }

    private void getAttributes(ByteBuffer in, ByteBuffer out) throws Errno {
        SharedFolder.Attributes a = folder.attributes(fid(in).place);
        int permissions = a.directory() ? 0755 : a.link() ? 0777 : 0644;
        if (!folder.writable() && !a.link()) {
            permissions &= 0555;
        }
        int kind = a.directory() ? 0040000 : a.link() ? 0120000 : 0100000;
        long seconds = Math.floorDiv(a.modifiedNanos(), 1_000_000_000L);
        long nanos = Math.floorMod(a.modifiedNanos(), 1_000_000_000L);
        out.putLong(BASIC_ATTRIBUTES);
        qid(out, a);
        out.putInt(kind | permissions).putInt(0).putInt(0).putLong(1).putLong(0);
        out.putLong(a.size()).putLong(BLOCK).putLong((a.size() + 511) / 512);
        for (int i = 0; i < 3; i++) {
            out.putLong(seconds).putLong(nanos); // accessed, modified, changed
        }
        out.putLong(0).putLong(0).putLong(0).putLong(0);
    }

    private void setAttributes(ByteBuffer in) throws Errno {
        Fid fid = fid(in);
        int valid = in.getInt();
        skip(in, 12); // mode, owner and group stay ours
        long size = in.getLong();
        skip(in, 16);
        long seconds = in.getLong();
        long nanos = in.getLong();
        if (!folder.writable()) {
            throw new Errno(Errno.EROFS);
        }
        if ((valid & SET_SIZE) != 0) {
            if (size < 0) {
                throw new Errno(Errno.EINVAL);
            }
            folder.resize(fid.place, size);
        }
        if ((valid & SET_MODIFIED) != 0) {
            long at = System.currentTimeMillis() * 1_000_000;
            if ((valid & SET_MODIFIED_TO) != 0) {
                at = Math.clamp(seconds, 0, 1L << 33) * 1_000_000_000 + nanos % 1_000_000_000;
            }
            folder.setModified(fid.place, at);
        }
    }

    private static void skip(ByteBuffer in, int bytes) throws Errno {
        if (in.remaining() < bytes) {
            throw new Errno(Errno.EINVAL);
        }
        in.position(in.position() + bytes);
    }

    private void statistics(ByteBuffer in, ByteBuffer out) throws Errno {
        fid(in);
        long[] space = folder.space();
        out.putInt(0x01021997).putInt(BLOCK);
        out.putLong(space[0] / BLOCK).putLong(space[1] / BLOCK).putLong(space[1] / BLOCK);
        out.putLong(0).putLong(0).putLong(0).putInt(255);
    }

    private void makeDirectory(ByteBuffer in, ByteBuffer out) throws Errno {
        List<String> place = child(fid(in).place, string(in));
        folder.makeDirectory(place);
        qid(out, folder.attributes(place));
    }

    private void unlink(ByteBuffer in) throws Errno {
        List<String> place = child(fid(in).place, string(in));
        folder.remove(place, (in.getInt() & REMOVE_DIRECTORY) != 0);
    }

    private void renameAt(ByteBuffer in) throws Errno {
        List<String> from = child(fid(in).place, string(in));
        List<String> to = child(fid(in).place, string(in));
        folder.rename(from, to);
    }

    private void rename(ByteBuffer in) throws Errno {
        Fid fid = fid(in);
        List<String> to = child(fid(in).place, string(in));
        folder.rename(fid.place, to);
        fid.place = to;
    }

    private void remove(ByteBuffer in) throws Errno {
        List<String> place = fid(in).place;
        int number = in.getInt(in.position() - 4);
        clunk(number);
        folder.remove(place, folder.attributes(place).directory());
    }

    private void clunk(int number) throws Errno {
        Fid fid = fids.remove(number);
        if (fid == null) {
            throw new Errno(Errno.EBADF);
        }
        close(fid);
    }

    private void close(Fid fid) {
        FileChannel file = open.remove(fid);
        if (file != null) {
            closeQuietly(file);
        }
    }

    private void sync(ByteBuffer in) throws Errno {
        Fid fid = fid(in);
        if (!fid.write) {
            return;
        }
        try {
            file(fid).force(true);
        } catch (IOException e) {
            throw new Errno(Errno.EIO);
        }
    }

    private void getLock(ByteBuffer in, ByteBuffer out) throws Errno {
        fid(in);
        in.get();
        long start = in.getLong();
        long length = in.getLong();
        int process = in.getInt();
        out.put((byte) 2).putLong(start).putLong(length).putInt(process); // nobody holds one
        string(out, string(in));
    }

    /** Writes what the guest holds. */
    public void save(SnapshotWriter out) {
        out.putInt("messageSize", messageSize);
        out.putInt("fids", fids.size());
        fids.forEach(
                (number, fid) -> {
                    out.putInt("fid", number);
                    out.putInt("depth", fid.place.size());
                    fid.place.forEach(name -> out.putString("name", name));
                    out.putBoolean("opened", fid.opened);
                    out.putBoolean("write", fid.write);
                    out.putBoolean("directory", fid.names != null);
                });
    }

    /** Reads what {@link #save} wrote; files are opened again when they are used. */
    public void restore(SnapshotReader in) throws SnapshotException {
        reset();
        messageSize = in.getInt("messageSize", MIN_MESSAGE, MAX_MESSAGE);
        int count = in.getInt("fids", 0, MAX_FIDS);
        for (int i = 0; i < count; i++) {
            int number = in.getInt("fid");
            int depth = in.getInt("depth", 0, MAX_DEPTH);
            List<String> place = new ArrayList<>();
            for (int j = 0; j < depth; j++) {
                place.add(in.getString("name", 4 * 255));
            }
            Fid fid = new Fid(List.copyOf(place));
            fid.opened = in.getBoolean("opened");
            fid.write = in.getBoolean("write");
            if (in.getBoolean("directory")) {
                try {
                    fid.names = folder.list(fid.place);
                } catch (Errno gone) {
                    fid.names = List.of();
                }
            }
            fids.put(number, fid);
        }
    }
}
