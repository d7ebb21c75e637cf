package dev.arclet.emulator.net;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** A host whose far ends the test plays. */
final class FakeHost implements HostSockets {
    /** A connection, from the far end's point of view. */
    static final class Stream implements HostStream {
        final int address;
        final int port;
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        Events events;
        byte[] toSend = new byte[0];
        int sent;
        boolean ends;
        boolean outputShut;
        boolean closed;
        boolean aborted;
        boolean wantRead;

        /** Bytes that may still be taken from the guest. */
        int appetite = Integer.MAX_VALUE;

        Stream(int address, int port, Events events) {
            this.address = address;
            this.port = port;
            this.events = events;
        }

        @Override
        public int read(byte[] target, int from, int length) {
            int n = Math.min(length, toSend.length - sent);
            System.arraycopy(toSend, sent, target, from, n);
            sent += n;
            return n == 0 && ends ? -1 : n;
        }

        @Override
        public void wantRead(boolean wanted) {
            wantRead = wanted;
        }

        @Override
        public int write(byte[] source, int from, int length) {
            int n = Math.min(length, appetite);
            appetite -= n;
            received.write(source, from, n);
            return n;
        }

        @Override
        public void shutdownOutput() {
            outputShut = true;
        }

        @Override
        public void close() {
            closed = true;
        }

        @Override
        public void abort() {
            aborted = true;
        }
    }

    final List<Stream> streams = new ArrayList<>();
    final List<byte[]> datagrams = new ArrayList<>();
    final List<Integer> pings = new ArrayList<>();
    Consumer<byte[]> datagramAnswer;
    Runnable datagramUnreachable;
    boolean answersPings = true;

    Stream last() {
        return streams.getLast();
    }

    @Override
    public HostStream connect(int address, int port, HostStream.Events events) {
        streams.add(new Stream(address, port, events));
        return last();
    }

    @Override
    public Datagrams openDatagrams(
            int address, int port, Consumer<byte[]> received, Runnable unreachable) {
        datagramAnswer = received;
        datagramUnreachable = unreachable;
        return new Datagrams() {
            @Override
            public void send(byte[] payload) {
                datagrams.add(payload);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void resolve(String name, Lookup lookup) {
        switch (name) {
            case "good.example" -> lookup.done(FOUND, new int[] {0x5DB8D822, 0x5DB8D823});
            case "six.example" -> lookup.done(FOUND, new int[0]);
            case "late.example" -> lookup.done(FAILED, new int[0]);
            default -> lookup.done(NO_SUCH_NAME, new int[0]);
        }
    }

    @Override
    public void ping(int address, IntConsumer done) {
        pings.add(address);
        done.accept(answersPings ? 1 : -1);
    }
}
