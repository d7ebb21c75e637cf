package dev.arclet.launcher.fetch;

import dev.arclet.format.FormatException;
import dev.arclet.format.VerifyException;
import dev.arclet.format.model.Descriptor;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.store.BlobStore;
import dev.arclet.launcher.store.PartialBlob;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Brings blobs into the store: a few at a time, each with retries that continue where the last
 * attempt ended, none visible before its digest has been checked.
 */
public final class Fetcher {
    private static final int BUFFER = 1 << 16;

    private final BlobStore store;
    private final FetchLimits limits;
    private final Backoff backoff;

    public Fetcher(BlobStore store, FetchLimits limits, Backoff backoff) {
        this.store = store;
        this.limits = limits;
        this.backoff = backoff;
    }

    /**
     * Fetches all blobs that the store lacks. On failure or interruption everything under way
     * stops; what has arrived is kept for the next time.
     *
     * @param what names the whole, for messages
     */
    public void fetchAll(
            Collection<Descriptor> blobs, BlobOrigin origin, FetchProgress progress, String what)
            throws LauncherException, FormatException, IOException, InterruptedException {
        Set<Descriptor> wanted = new LinkedHashSet<>(blobs);
        long total = wanted.stream().mapToLong(Descriptor::size).reduce(0, Math::addExact);
        Meter meter = new Meter(progress, total);
        long missing = 0;
        LinkedHashSet<Descriptor> todo = new LinkedHashSet<>();
        for (Descriptor blob : wanted) {
            if (store.has(blob)) {
                meter.add(blob.size());
            } else {
                todo.add(blob);
                missing += blob.size() - store.partialBytes(blob);
            }
        }
        meter.report();
        if (todo.isEmpty()) {
            return;
        }
        store.requireSpace(missing, what);
        ExecutorService pool =
                Executors.newFixedThreadPool(
                        Math.min(limits.parallel(), todo.size()),
                        Thread.ofPlatform().daemon().name("arclet-fetch-", 0).factory());
        try {
            CompletionService<Void> results = new ExecutorCompletionService<>(pool);
            for (Descriptor blob : todo) {
                Callable<Void> job =
                        () -> {
                            fetch(blob, origin, meter);
                            return null;
                        };
                results.submit(job);
            }
            for (int i = 0; i < todo.size(); i++) {
                results.take().get();
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case LauncherException l -> throw l;
                case FormatException f -> throw f;
                case IOException io -> throw io;
                case InterruptedException i -> throw i;
                default -> throw new IllegalStateException(e.getCause());
            }
        } finally {
            // Also waits, so that nobody writes to the store after this returns.
            pool.shutdownNow();
            pool.close();
        }
    }

    /** Fetches one blob if the store lacks it. */
    public void fetchOne(Descriptor blob, BlobOrigin origin)
            throws LauncherException, FormatException, IOException, InterruptedException {
        if (!store.has(blob)) {
            store.requireSpace(blob.size(), "blob " + blob.digest());
            fetch(blob, origin, new Meter(FetchProgress.NONE, blob.size()));
        }
    }

    private void fetch(Descriptor blob, BlobOrigin origin, Meter meter)
            throws LauncherException, VerifyException, IOException, InterruptedException {
        try (PartialBlob partial = store.begin(blob)) {
            if (partial.alreadyThere()) {
                meter.add(blob.size());
                return;
            }
            Counted counted = new Counted(meter);
            boolean mayRestart = partial.length() > 0;
            int failures = 0;
            while (true) {
                long before = partial.length();
                try {
                    transfer(blob, origin, partial, counted);
                    partial.commit();
                    return;
                } catch (VerifyException e) {
                    // Bytes kept from an earlier attempt may be at fault; those of this one are
                    // not.
                    if (!mayRestart) {
                        throw e;
                    }
                    mayRestart = false;
                    if (partial.length() > 0) {
                        partial.restart();
                    }
                } catch (TransientFetchException e) {
                    failures = partial.length() > before ? 1 : failures + 1;
                    if (failures >= limits.attempts()) {
                        throw failed(
                                blob, origin, e.getMessage(), "after " + failures + " attempts", e);
                    }
                    mayRestart = true;
                    backoff.pause(failures);
                } catch (FileNotFoundException e) {
                    throw failed(blob, origin, e.getMessage(), "", e);
                }
            }
        } catch (LauncherException | VerifyException e) {
            throw e;
        } catch (TransientFetchException e) {
            throw failed(blob, origin, e.getMessage(), "", e);
        }
    }

    /** One attempt. */
    private static void transfer(
            Descriptor blob, BlobOrigin origin, PartialBlob partial, Counted counted)
            throws IOException, VerifyException, InterruptedException, LauncherException {
        counted.upTo(partial.length());
        if (partial.length() == blob.size()) {
            return;
        }
        try (HttpReader.Answer answer = open(blob, origin, partial.length())) {
            if (answer.offset() != partial.length()) {
                partial.restart();
            }
            byte[] buffer = new byte[BUFFER];
            for (int n = answer.body().read(buffer); n >= 0; n = answer.body().read(buffer)) {
                partial.write(buffer, 0, n);
                counted.upTo(partial.length());
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            if (partial.length() < blob.size()) {
                throw new TransientFetchException(
                        "the transfer ended after "
                                + partial.length()
                                + " of "
                                + blob.size()
                                + " bytes");
            }
        }
    }

    private static HttpReader.Answer open(Descriptor blob, BlobOrigin origin, long offset)
            throws IOException, InterruptedException, LauncherException {
        try {
            return origin.open(blob, offset);
        } catch (TransientFetchException | FileNotFoundException e) {
            throw e;
        } catch (IOException e) {
            throw failed(blob, origin, e.getMessage(), "", e);
        }
    }

    private static LauncherException failed(
            Descriptor blob, BlobOrigin origin, String cause, String note, IOException e) {
        return new LauncherException(
                LauncherException.Kind.TRANSFER,
                "fetch",
                "blob " + blob.digest() + " from " + origin.name(),
                cause + (note.isEmpty() ? "" : ", " + note),
                "Check the network and try again (what has arrived is kept), or tell the publisher",
                e);
    }

    /** Adds up the progress of all blobs and never lets it run backwards. */
    private static final class Meter {
        private final FetchProgress progress;
        private final long total;
        private long done;

        Meter(FetchProgress progress, long total) {
            this.progress = progress;
            this.total = total;
        }

        synchronized void add(long bytes) {
            done += bytes;
            report();
        }

        synchronized void report() {
            progress.fetched(done, total);
        }
    }

    /** What the meter has seen of one blob; an attempt that starts over does not count twice. */
    private static final class Counted {
        private final Meter meter;
        private long seen;

        Counted(Meter meter) {
            this.meter = meter;
        }

        void upTo(long length) {
            if (length > seen) {
                meter.add(length - seen);
                seen = length;
            }
        }
    }

    /** The blobs of a list that the store lacks. */
    public List<Descriptor> missing(Collection<Descriptor> blobs) throws IOException {
        LinkedHashSet<Descriptor> out = new LinkedHashSet<>();
        for (Descriptor blob : blobs) {
            if (!store.has(blob)) {
                out.add(blob);
            }
        }
        return List.copyOf(out);
    }
}
