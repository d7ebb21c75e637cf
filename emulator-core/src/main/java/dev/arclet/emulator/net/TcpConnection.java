package dev.arclet.emulator.net;

import static dev.arclet.emulator.net.TcpSegment.ACK;
import static dev.arclet.emulator.net.TcpSegment.FIN;
import static dev.arclet.emulator.net.TcpSegment.PSH;
import static dev.arclet.emulator.net.TcpSegment.RST;
import static dev.arclet.emulator.net.TcpSegment.SYN;

import java.util.ArrayList;
import java.util.List;

/**
 * One TCP connection towards the guest (RFC 9293), joined to a connection of the host. Towards the
 * guest it is the far end itself: it acknowledges what it has taken into its buffer, and sends what
 * the host has received. Window scaling as in RFC 7323, retransmission as in RFC 6298, slow start
 * and fast retransmission as in RFC 5681 (the cable does not lose frames, but a card may).
 *
 * <p>Buffers are bounded in both directions; a full one stops the sender, never loses. All on the
 * network's thread.
 */
final class TcpConnection implements HostStream.Events {
    /** What a connection needs of the network it is in. */
    interface Network {
        /** Whether segments may be larger than the guest's maximum, to be seen as several. */
        boolean takesLarge();

        /** Frames that can be sent now. */
        int room();

        /** Have {@link #output} called when there is room again. */
        void awaitRoom(TcpConnection connection);

        /** Have {@link #flush} called when what has come is all handled. */
        void acknowledgeSoon(TcpConnection connection);

        /**
         * Sends a segment to the guest.
         *
         * @param mss data bytes of a segment at most; 0 if it has none
         */
        void send(
                Flow flow,
                int flags,
                int sequence,
                int acknowledgment,
                int window,
                byte[] options,
                ByteRing data,
                int offset,
                int length,
                int mss);

        /** The connection is over; forget it. */
        void closed(TcpConnection connection);

        /** Nanoseconds. */
        long now();
    }

    /**
     * States of RFC 9293 section 3.3.2; OPENING is before SYN-RECEIVED, while the host connects.
     */
    enum State {
        OPENING,
        SYN_SENT,
        SYN_RECEIVED,
        ESTABLISHED,
        FIN_WAIT_1,
        FIN_WAIT_2,
        CLOSING,
        TIME_WAIT,
        CLOSE_WAIT,
        LAST_ACK,
        CLOSED
    }

    /** Bytes buffered in either direction. */
    static final int BUFFER = 128 << 10;

    private static final int WINDOW_SHIFT = 2;
    private static final int DEFAULT_MSS = 536;
    private static final int MIN_MSS = 64;
    private static final int MAX_MSS = Ipv4.MTU - Ipv4.HEADER - TcpSegment.HEADER;

    /** Data bytes of a segment that stands for several. */
    private static final int MAX_LARGE = 65_535 - Ipv4.HEADER - TcpSegment.HEADER;

    private static final int MAX_RETRIES = 10;
    private static final int MAX_PROBES = 40;
    private static final int MAX_EARLY = 64;
    private static final int DUPLICATES_FOR_RETRANSMISSION = 3;
    private static final long TIME_WAIT_NANOS = 10_000_000_000L;

    /** How long a guest that has closed may be waited for by a half-closed connection. */
    private static final long FIN_WAIT_NANOS = 60_000_000_000L;

    private static final long NEVER = Long.MAX_VALUE;

    /** Data that came before what precedes it. */
    private record Early(int sequence, byte[] data, boolean fin) {}

    private final Network network;
    private final Flow flow;
    private final TcpTimers timers = new TcpTimers();
    private final ByteRing sending = new ByteRing(BUFFER);
    private final ByteRing received = new ByteRing(BUFFER);
    private final List<Early> early = new ArrayList<>();
    private HostStream host;
    private State state;

    // Send sequence variables (section 3.3.1)
    private final int initialSequence;
    private boolean synAcknowledged;
    private int unacknowledged;
    private int next;
    private int highest;
    private int sendWindow;
    private int windowSequence;
    private int windowAcknowledgment;
    private int sendShift;
    private int mss = DEFAULT_MSS;
    private int congestionWindow;
    private int slowStartThreshold = BUFFER;
    private int duplicates;
    private int recovery;
    private int retries;
    private boolean hostEnded;

    // Receive sequence variables
    private int initialReceived;
    private int receiveNext;
    private int receiveShift;
    private int advertised;
    private boolean guestEnded;
    private boolean passedEnd;
    private boolean acknowledge;
    private boolean lingering;

    private long retransmitAt = NEVER;
    private long probeAt = NEVER;
    private long endAt = NEVER;
    private long lastActivity;

    private TcpConnection(Network network, Flow flow, int initialSequence, State state) {
        this.network = network;
        this.flow = flow;
        this.initialSequence = initialSequence;
        this.state = state;
        unacknowledged = initialSequence;
        next = initialSequence;
        highest = initialSequence;
        recovery = initialSequence;
        lastActivity = network.now();
    }

    /** A connection that the guest's SYN asks for; the host's end is yet to be connected. */
    static TcpConnection ofGuest(Network network, Flow flow, TcpSegment syn, int initialSequence) {
        TcpConnection c = new TcpConnection(network, flow, initialSequence, State.OPENING);
        c.readSyn(syn);
        return c;
    }

    /** A connection from the host to a port of the guest; sends the SYN. */
    static TcpConnection toGuest(
            Network network, Flow flow, HostStream stream, int initialSequence) {
        TcpConnection c = new TcpConnection(network, flow, initialSequence, State.SYN_SENT);
        c.host = stream;
        c.receiveShift = WINDOW_SHIFT;
        c.next = initialSequence + 1;
        c.highest = c.next;
        c.sendSyn(false);
        return c;
    }

    /** Joins the host's end, which is connecting. */
    void join(HostStream stream) {
        host = stream;
    }

    Flow flow() {
        return flow;
    }

    State state() {
        return state;
    }

    long lastActivity() {
        return lastActivity;
    }

    private void readSyn(TcpSegment syn) {
        initialReceived = syn.sequence();
        receiveNext = syn.sequence() + 1;
        advertised = receiveNext;
        if (syn.mss() >= 0) {
            mss = Math.clamp(syn.mss(), MIN_MSS, MAX_MSS);
        }
        sendShift = Math.max(0, syn.windowShift());
        receiveShift = syn.windowShift() >= 0 ? WINDOW_SHIFT : 0;
        sendWindow = syn.window(); // never scaled in a SYN
        windowSequence = syn.sequence();
        windowAcknowledgment = syn.acknowledgment();
        congestionWindow = 10 * mss; // RFC 6928
    }

    private void sendSyn(boolean answer) {
        boolean scaled = receiveShift > 0;
        byte[] options = new byte[scaled ? 8 : 4];
        options[0] = 2;
        options[1] = 4;
        Bytes.put16(options, 2, MAX_MSS);
        if (scaled) {
            options[4] = 1;
            options[5] = 3;
            options[6] = 3;
            options[7] = WINDOW_SHIFT;
        }
        network.send(
                flow,
                answer ? SYN | ACK : SYN,
                initialSequence,
                answer ? receiveNext : 0,
                Math.min(0xFFFF, received.free()),
                options,
                null,
                0,
                0,
                0);
        if (answer) {
            advertised = receiveNext + Math.min(0xFFFF, received.free());
        }
        timers.sent(initialSequence + 1, network.now());
        retransmitAt = network.now() + timers.timeout();
    }

    // What the host's end tells

    @Override
    public void connected() {
        if (state == State.OPENING) {
            state = State.SYN_RECEIVED;
            next = initialSequence + 1;
            highest = next;
            sendSyn(true);
        }
    }

    @Override
    public void readable() {
        if (state != State.CLOSED) {
            lastActivity = network.now();
            fill();
            output();
        }
    }

    @Override
    public void writable() {
        if (state != State.CLOSED) {
            lastActivity = network.now();
            passOn();
            output();
            if (lingering && received.size() == 0) {
                finish();
            }
        }
    }

    @Override
    public void failed() {
        if (state == State.OPENING) {
            // Refused: to the guest as if the far end had said so (section 3.10.7.1).
            network.send(flow, RST | ACK, 0, receiveNext, 0, null, null, 0, 0, 0);
            forget();
        } else if (state != State.CLOSED) {
            reset();
        }
    }

    private void fill() {
        if (hostEnded || host == null || state == State.OPENING || state == State.SYN_SENT) {
            return;
        }
        int n = sending.fillFrom(host::read, BUFFER);
        if (n < 0) {
            hostEnded = true;
        }
        host.wantRead(!hostEnded && sending.free() > 0);
    }

    /** Gives the host what the guest has sent. */
    private void passOn() {
        if (passedEnd || host == null) {
            return;
        }
        received.drainTo(host::write);
        if (guestEnded && received.size() == 0) {
            passedEnd = true;
            host.shutdownOutput();
        }
    }

    // What the guest sends

    /** Handles a segment of this connection (section 3.10.7). */
    void segment(TcpSegment s) {
        lastActivity = network.now();
        if (state == State.FIN_WAIT_2) {
            endAt = lastActivity + FIN_WAIT_NANOS;
        }
        switch (state) {
            case OPENING -> {
                if (s.has(RST) && s.sequence() == receiveNext) {
                    abandon();
                }
            }
            case SYN_SENT -> inSynSent(s);
            case CLOSED -> {}
            default -> synchronised(s);
        }
    }

    private void inSynSent(TcpSegment s) {
        boolean acceptable = s.has(ACK) && s.acknowledgment() == next;
        if (s.has(ACK) && !acceptable) {
            if (!s.has(RST)) {
                network.send(flow, RST, s.acknowledgment(), 0, 0, null, null, 0, 0, 0);
            }
            return;
        }
        if (s.has(RST)) {
            if (acceptable) {
                abandon();
            }
            return;
        }
        if (s.has(SYN) && acceptable) {
            readSyn(s);
            synAcknowledged = true;
            unacknowledged = s.acknowledgment();
            timers.acknowledged(unacknowledged, network.now());
            retransmitAt = NEVER;
            retries = 0;
            state = State.ESTABLISHED;
            acknowledge = true;
            fill();
            output();
        }
        // A SYN alone would be a simultaneous open, which nobody does to a gateway.
    }

    /** Section 3.10.7.4. */
    private void synchronised(TcpSegment s) {
        if (!isAcceptable(s)) {
            if (!s.has(RST)) {
                if (state == State.SYN_RECEIVED && s.has(SYN) && isFirstSyn(s)) {
                    sendSyn(true); // our answer was lost
                    timers.repeated();
                } else {
                    acknowledgeLater();
                }
            }
            return;
        }
        if (s.has(RST)) {
            if (s.sequence() == receiveNext) {
                abandon();
            } else {
                acknowledgeLater(); // RFC 5961 section 3
            }
            return;
        }
        if (s.has(SYN)) {
            acknowledgeLater(); // RFC 5961 section 4
            return;
        }
        if (!s.has(ACK)) {
            return;
        }
        if (state == State.SYN_RECEIVED) {
            if (s.acknowledgment() != next) {
                network.send(flow, RST, s.acknowledgment(), 0, 0, null, null, 0, 0, 0);
                return;
            }
            state = State.ESTABLISHED;
            sendWindow = s.window() << sendShift;
            windowSequence = s.sequence();
            windowAcknowledgment = s.acknowledgment();
            fill();
        }
        if (!acknowledgement(s) || state == State.CLOSED) {
            return;
        }
        data(s);
        passOn();
        output();
    }

    private boolean isFirstSyn(TcpSegment s) {
        return s.sequence() == initialReceived;
    }

    private boolean isAcceptable(TcpSegment s) {
        int window = received.free();
        int length = s.sequenceLength();
        int from = s.sequence() - receiveNext;
        if (window == 0) {
            // Acknowledgements and resets are still heard (section 3.10.7.4).
            return from == 0 && length == 0;
        }
        int last = from + Math.max(0, length - 1);
        return from >= 0 && from < window || length > 0 && last >= 0 && last < window;
    }

    /** Takes what a segment acknowledges; false if the segment is to be dropped. */
    private boolean acknowledgement(TcpSegment s) {
        int ack = s.acknowledgment();
        if (ack - highest > 0) {
            acknowledgeLater();
            return false;
        }
        int fresh = ack - unacknowledged;
        if (fresh > 0) {
            advance(ack, fresh);
        } else if (fresh == 0 && isDuplicate(s)) {
            duplicates++;
            // Once for what is under way now (RFC 6582): sending again makes duplicates, too.
            if (duplicates == DUPLICATES_FOR_RETRANSMISSION && unacknowledged - recovery >= 0) {
                recovery = highest;
                slowStartThreshold = Math.max((highest - unacknowledged) / 2, 2 * mss);
                congestionWindow = slowStartThreshold;
                timers.repeated();
                next = unacknowledged;
            }
        }
        if (sendWindow == 0) {
            retries = 0; // it is there, only full
        }
        if (fresh >= 0 && isNewerWindow(s)) {
            sendWindow = s.window() << sendShift;
            windowSequence = s.sequence();
            windowAcknowledgment = ack;
            if (sendWindow > 0) {
                probeAt = NEVER;
            }
        }
        return true;
    }

    private boolean isDuplicate(TcpSegment s) {
        return s.length() == 0
                && !s.has(FIN)
                && highest != unacknowledged
                && s.window() << sendShift == sendWindow;
    }

    private boolean isNewerWindow(TcpSegment s) {
        int later = s.sequence() - windowSequence;
        return later > 0 || later == 0 && s.acknowledgment() - windowAcknowledgment >= 0;
    }

    private void advance(int ack, int fresh) {
        // The SYN and the FIN take numbers that are no bytes in the buffer.
        int bytes = Math.min(sending.size(), fresh - (synAcknowledged ? 0 : 1));
        boolean finAcknowledged = finSent() && ack == highest;
        synAcknowledged = true;
        sending.remove(bytes);
        unacknowledged = ack;
        if (next - ack < 0) {
            next = ack;
        }
        duplicates = 0;
        retries = 0;
        timers.acknowledged(ack, network.now());
        congestionWindow +=
                congestionWindow < slowStartThreshold
                        ? bytes
                        : Math.max(1, (int) ((long) mss * bytes / congestionWindow));
        congestionWindow = Math.min(congestionWindow, BUFFER);
        retransmitAt = highest == ack ? NEVER : network.now() + timers.timeout();
        fill();
        if (finAcknowledged) {
            switch (state) {
                case FIN_WAIT_1 -> {
                    state = State.FIN_WAIT_2;
                    endAt = network.now() + FIN_WAIT_NANOS;
                }
                case CLOSING -> startTimeWait();
                case LAST_ACK -> finish();
                default -> {}
            }
        }
    }

    private boolean finSent() {
        return switch (state) {
            case FIN_WAIT_1, CLOSING, LAST_ACK -> true;
            default -> false;
        };
    }

    private void data(TcpSegment s) {
        boolean listening =
                switch (state) {
                    case ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2 -> true;
                    default -> false;
                };
        if (s.length() == 0 && !s.has(FIN)) {
            return;
        }
        acknowledgeLater();
        if (!listening) {
            return;
        }
        int ahead = s.sequence() - receiveNext;
        if (ahead > 0) {
            keepEarly(s);
            return;
        }
        take(s.data(), s.payload(), s.length(), -ahead, s.has(FIN));
        takeEarly();
    }

    /** Takes bytes in order, of which the first {@code known} are known already. */
    private void take(byte[] data, int from, int length, int known, boolean fin) {
        if (guestEnded || known > length) {
            return;
        }
        int n = Math.min(length - known, received.free());
        received.add(data, from + known, n);
        receiveNext += n;
        if (fin && n == length - known) {
            receiveNext++;
            guestEnded = true;
            switch (state) {
                case ESTABLISHED -> state = State.CLOSE_WAIT;
                case FIN_WAIT_1 -> state = State.CLOSING;
                case FIN_WAIT_2 -> startTimeWait();
                default -> {}
            }
        }
    }

    private void keepEarly(TcpSegment s) {
        int offset = s.sequence() - receiveNext;
        if (early.size() >= MAX_EARLY || offset + s.length() > received.free()) {
            return; // it will come again
        }
        for (Early e : early) {
            if (e.sequence == s.sequence() && e.data.length >= s.length()) {
                return;
            }
        }
        byte[] copy = new byte[s.length()];
        System.arraycopy(s.data(), s.payload(), copy, 0, copy.length);
        early.add(new Early(s.sequence(), copy, s.has(FIN)));
    }

    private void takeEarly() {
        boolean progress = true;
        while (progress && !early.isEmpty()) {
            progress = false;
            for (int i = early.size() - 1; i >= 0; i--) {
                Early e = early.get(i);
                int known = receiveNext - e.sequence;
                if (known < 0) {
                    continue;
                }
                early.remove(i);
                take(e.data, 0, e.data.length, known, e.fin);
                progress = true;
            }
        }
    }

    private void acknowledgeLater() {
        acknowledge = true;
        network.acknowledgeSoon(this);
    }

    // Sending

    /** Sends what may be sent: data within the windows, an end, an acknowledgement. */
    void output() {
        switch (state) {
            case OPENING, SYN_SENT, SYN_RECEIVED, CLOSED -> {
                return;
            }
            default -> {}
        }
        boolean limited = false;
        while (true) {
            int pending = unsentBytes();
            int allowed = Math.min(sendWindow, congestionWindow) - (next - unacknowledged);
            int most = network.takesLarge() ? MAX_LARGE / mss * mss : mss;
            int length = Math.min(Math.min(pending, most), Math.max(0, allowed));
            if (length > mss && length < pending) {
                length -= length % mss;
            }
            boolean fin = hostEnded && length == pending && mayFinish();
            if (length == 0 && !fin) {
                limited = pending > 0;
                break;
            }
            // Sender's avoidance of silly windows (section 3.8.6.2.1).
            if (length < mss && length < pending && next != unacknowledged) {
                break;
            }
            if (network.room() == 0) {
                network.awaitRoom(this);
                break;
            }
            sendData(length, fin);
        }
        if (limited && sendWindow == 0 && next == unacknowledged && probeAt == NEVER) {
            probeAt = network.now() + timers.timeout();
        }
        if (acknowledge || windowHasOpened()) {
            network.acknowledgeSoon(this);
        }
    }

    /** Sends an acknowledgement if nothing that was sent has carried it. */
    void flush() {
        if (state != State.CLOSED && (acknowledge || windowHasOpened())) {
            sendAcknowledgement();
        }
    }

    /** Bytes in the buffer from {@code next} on. */
    private int unsentBytes() {
        return Math.max(0, sending.size() - (next - unacknowledged));
    }

    /** Whether our FIN is to be sent, perhaps again. */
    private boolean mayFinish() {
        return switch (state) {
            case ESTABLISHED, CLOSE_WAIT -> true;
            case FIN_WAIT_1, CLOSING, LAST_ACK -> next != highest;
            default -> false;
        };
    }

    private void sendData(int length, boolean fin) {
        int flags = ACK | (length > 0 && length == unsentBytes() ? PSH : 0) | (fin ? FIN : 0);
        boolean again = next != highest;
        network.send(
                flow,
                flags,
                next,
                receiveNext,
                window(),
                null,
                sending,
                next - unacknowledged,
                length,
                mss);
        acknowledge = false;
        next += length + (fin ? 1 : 0);
        if (next - highest > 0) {
            highest = next;
        }
        if (!again) {
            timers.sent(next, network.now());
        }
        if (retransmitAt == NEVER) {
            retransmitAt = network.now() + timers.timeout();
        }
        if (fin) {
            if (state == State.ESTABLISHED) {
                state = State.FIN_WAIT_1;
            } else if (state == State.CLOSE_WAIT) {
                state = State.LAST_ACK;
            }
        }
    }

    /** The window field to send; remembers what it promises. */
    private int window() {
        int field = Math.min(0xFFFF, received.free() >>> receiveShift);
        int edge = receiveNext + (field << receiveShift);
        if (edge - advertised > 0) {
            advertised = edge;
        }
        return field;
    }

    /** Whether the guest should hear of new room (section 3.8.6.2.2). */
    private boolean windowHasOpened() {
        if (guestEnded) {
            return false;
        }
        int edge = receiveNext + (received.free() >>> receiveShift << receiveShift);
        int promised = advertised - receiveNext;
        return promised < 2 * MAX_MSS && edge - advertised >= 2 * MAX_MSS
                || edge - advertised >= BUFFER / 2;
    }

    private void sendAcknowledgement() {
        if (network.room() == 0) {
            acknowledge = true;
            network.awaitRoom(this);
            return;
        }
        acknowledge = false;
        network.send(flow, ACK, next, receiveNext, window(), null, null, 0, 0, 0);
    }

    // Time

    /** When {@link #tick} has something to do. */
    long deadline() {
        return Math.min(retransmitAt, Math.min(probeAt, endAt));
    }

    /** Does what is due. */
    void tick(long now) {
        if (endAt <= now) {
            if (state == State.TIME_WAIT) {
                finish();
            } else {
                reset();
            }
            return;
        }
        if (probeAt <= now) {
            probe(now);
        }
        if (retransmitAt <= now && state != State.CLOSED) {
            retransmit(now);
        }
    }

    private void retransmit(long now) {
        if (sendWindow == 0 && synAcknowledged && state != State.LAST_ACK) {
            next = unacknowledged;
            retransmitAt = NEVER;
            output();
            return;
        }
        if (++retries > MAX_RETRIES) {
            if (state == State.SYN_SENT) {
                abandon();
            } else {
                reset();
            }
            return;
        }
        timers.backOff();
        retransmitAt = now + timers.timeout();
        switch (state) {
            case SYN_SENT -> sendSyn(false);
            case SYN_RECEIVED -> sendSyn(true);
            default -> {
                slowStartThreshold = Math.max((highest - unacknowledged) / 2, 2 * mss);
                congestionWindow = mss;
                next = unacknowledged;
                duplicates = 0;
                output();
            }
        }
    }

    /** Asks a guest without a window whether it has one now (section 3.8.6.1). */
    private void probe(long now) {
        if (sendWindow > 0 || unsentBytes() == 0) {
            probeAt = NEVER;
            return;
        }
        if (++retries > MAX_PROBES) {
            reset();
            return;
        }
        timers.backOff();
        probeAt = now + timers.timeout();
        if (network.room() > 0) {
            network.send(
                    flow,
                    ACK,
                    next,
                    receiveNext,
                    window(),
                    null,
                    sending,
                    next - unacknowledged,
                    1,
                    mss);
            // The byte counts as sent when it is acknowledged; until then it may go again.
            if (next + 1 - highest > 0) {
                highest = next + 1;
            }
        }
    }

    // The end

    private void startTimeWait() {
        state = State.TIME_WAIT;
        retransmitAt = NEVER;
        probeAt = NEVER;
        endAt = network.now() + TIME_WAIT_NANOS;
        passOn();
        if (received.size() == 0) {
            closeHost();
        }
    }

    private void closeHost() {
        if (host != null) {
            host.close();
            host = null;
        }
    }

    /** Both directions are closed; what the host has not taken yet is waited for a while. */
    private void finish() {
        passOn();
        if (received.size() > 0 && !lingering) {
            lingering = true;
            state = State.TIME_WAIT;
            endAt = network.now() + FIN_WAIT_NANOS;
            return;
        }
        closeHost();
        forget();
    }

    /** The guest has reset the connection, or nobody is there. */
    private void abandon() {
        if (host != null) {
            host.abort();
            host = null;
        }
        forget();
    }

    /** Resets the connection at both ends. */
    void reset() {
        if (state == State.CLOSED) {
            return;
        }
        if (state != State.OPENING && state != State.TIME_WAIT) {
            network.send(flow, RST | ACK, next, receiveNext, 0, null, null, 0, 0, 0);
        }
        abandon();
    }

    private void forget() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        sending.clear();
        received.clear();
        early.clear();
        retransmitAt = NEVER;
        probeAt = NEVER;
        endAt = NEVER;
        network.closed(this);
    }
}
