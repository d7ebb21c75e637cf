package dev.arclet.server;

import io.javalin.http.Context;

/** Short plain-text answers for what can't be served. */
final class ErrorPage {
    private ErrorPage() {}

    /** The same answer for everything that is not there, whatever the reason. */
    static void notFound(Context ctx) {
        ctx.status(404).contentType("text/plain; charset=utf-8");
        ctx.header("Cache-Control", "no-store");
        ctx.result("Not found. The gallery is at /.\n");
    }
}
