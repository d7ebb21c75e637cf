package dev.arclet.server;

import dev.arclet.format.SpecException;
import dev.arclet.format.json.EnumText;
import dev.arclet.format.model.PublisherId;
import dev.arclet.format.tree.Catalog;
import dev.arclet.format.tree.CatalogEntry;
import dev.arclet.format.tree.TreeLayout;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The pages people see: the gallery of what the tree offers, and one landing page a VM. They show
 * the catalog, which is unsigned; what counts is checked by the visitor's launcher.
 */
final class GalleryPages {
    private final Path root;

    GalleryPages(Path root) {
        this.root = root;
    }

    /** The gallery. */
    void gallery(Context ctx) throws IOException, SpecException {
        StringBuilder body = new StringBuilder();
        body.append(
                "<header><h1>Arclets</h1><p>Virtual machines that start from a link.</p></header>\n<main>\n");
        List<CatalogEntry> entries = Catalog.read(root).entries();
        for (CatalogEntry entry : entries) {
            body.append(card(entry));
        }
        if (entries.isEmpty()) {
            body.append("<p>Nothing is published here yet.</p>\n");
        }
        body.append("</main>\n");
        send(ctx, Html.page("Arclets", body.toString()));
    }

    private static String card(CatalogEntry entry) {
        String link = "/" + Html.escape(entry.linkPath());
        return """
               <article class="card" data-name="%s">
               <a class="shot" href="%s" tabindex="-1" aria-hidden="true">%s</a>
               <div>
               <h2><a class="vm-link" href="%s">%s</a> <small>%s</small></h2>
               <p>%s</p>
               %s
               </div>
               </article>
               """
                .formatted(
                        Html.escape(entry.name()),
                        link,
                        picture(entry),
                        link,
                        Html.escape(entry.title()),
                        Html.escape(entry.version()),
                        Html.escape(entry.description()),
                        facts(entry));
    }

    private static String picture(CatalogEntry entry) {
        return entry.screenshot()
                .map(
                        shot ->
                                "<img alt=\"\" loading=\"lazy\" src=\"/screenshots/"
                                        + shot.digest().hex()
                                        + ".png\">")
                .orElse("<span class=\"blank\">&gt;_</span>");
    }

    private static String facts(CatalogEntry entry) {
        List<String> wishes = Html.wishes(entry.capabilities());
        String asks = wishes.isEmpty() ? "nothing of yours" : String.join("; ", wishes);
        return """
               <dl>
               <dt>Publisher</dt><dd>%s <code title="%s">%s</code></dd>
               <dt>Download</dt><dd>%s</dd>
               <dt>Machine</dt><dd>%s, %s memory, %d processor%s</dd>
               <dt>Asks for</dt><dd>%s</dd>
               </dl>
               """
                .formatted(
                        Html.escape(entry.publisher().name()),
                        Html.escape(entry.publisher().id().toString()),
                        Html.escape(shortId(entry.publisher().id())),
                        Html.size(entry.downloadSize()),
                        Html.escape(EnumText.of(entry.machine().arch())),
                        Html.size(entry.machine().memory()),
                        entry.machine().cpus(),
                        entry.machine().cpus() == 1 ? "" : "s",
                        Html.escape(asks));
    }

    private static String shortId(PublisherId id) {
        String text = id.toString();
        return text.length() <= 12
                ? text
                : text.substring(0, 4) + " " + text.substring(4, 8) + " …";
    }

    /** The page behind a VM's link: what it is, and the button that hands it to the launcher. */
    void landing(Context ctx) throws IOException, SpecException {
        String name = ctx.pathParam("name");
        Optional<CatalogEntry> found =
                Catalog.read(root).entries().stream()
                        .filter(entry -> entry.name().equals(name))
                        .findFirst();
        if (found.isEmpty()) {
            ErrorPage.notFound(ctx);
            return;
        }
        CatalogEntry entry = found.get();
        // The publisher is in the link's fragment, which never reaches a server: landing.js puts it
        // in.
        String body =
                """
                <header><p><a href="/">All arclets</a></p></header>
                <main class="landing" data-fragment="p=%s">
                <h1>%s <small>%s</small></h1>
                <p>%s</p>
                <div class="shot">%s</div>
                %s
                <p><a id="open" class="button" href="#">Open with Arclet</a></p>
                <p class="hint">Nothing starts before you agree: your launcher shows who signed this machine and what it
                asks for. Does the button do nothing? Then give the link to the launcher yourself:</p>
                <pre><code id="command"></code></pre>
                </main>
                <script type="module" src="/assets/landing.js"></script>
                """
                        .formatted(
                                Html.escape(entry.publisher().id().toString()),
                                Html.escape(entry.title()),
                                Html.escape(entry.version()),
                                Html.escape(entry.description()),
                                picture(entry),
                                facts(entry));
        send(ctx, Html.page(entry.title(), body));
    }

    /**
     * A screenshot named by the catalog, as an image; blobs themselves are served as mere bytes.
     */
    Optional<Path> screenshot(String hex) throws IOException, SpecException {
        return Catalog.read(root).entries().stream()
                .flatMap(entry -> entry.screenshot().stream())
                .filter(shot -> shot.digest().hex().equals(hex))
                .findFirst()
                .map(shot -> root.resolve(TreeLayout.blobPath(shot.digest())));
    }

    private static void send(Context ctx, String html) {
        ctx.header("Cache-Control", "no-cache");
        ctx.contentType("text/html; charset=utf-8").result(html);
    }
}
