package dev.arclet.format.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.arclet.format.SpecException;
import dev.arclet.format.digest.Digest;
import dev.arclet.format.model.PublisherId;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArcletLinkTest {
    private static final PublisherId ID = PublisherId.ofFirstRoot(new byte[] {1});
    private static final Digest M = Digest.of(new byte[] {2});

    @ParameterizedTest
    @CsvSource({
        "https://example.org/vm/a, https://example.org/, a",
        "https://example.org/vm/a/, https://example.org/, a",
        "https://EXAMPLE.org:443/vm/a-1, https://example.org/, a-1",
        "https://example.org:8443/x/y.z/vm/a, https://example.org:8443/x/y.z/, a",
        "http://127.0.0.1:9000/vm/a, http://127.0.0.1:9000/, a",
        "http://[::1]:9000/vm/a, http://[::1]:9000/, a",
        "http://localhost/vm/a, http://localhost/, a",
        "https://example.org/vm/vm/vm/a, https://example.org/vm/vm/, a"
    })
    void goodLinks(String link, String base, String name) throws Exception {
        ArcletLink parsed = ArcletLink.parse(link);
        assertEquals(base, parsed.base().toString());
        assertEquals(name, parsed.name());
        assertEquals(Optional.empty(), parsed.publisher());
        assertEquals(parsed, ArcletLink.parse(parsed.toString()));
    }

    @Test
    void fragments() throws Exception {
        String base = "https://example.org/vm/a";
        String m = "m=sha256-" + M.base64Url();
        assertEquals(Optional.of(ID), ArcletLink.parse(base + "#p=" + ID).publisher());
        assertEquals(Optional.of(M), ArcletLink.parse(base + "#" + m).manifest());
        ArcletLink both = ArcletLink.parse(base + "#" + m + "&p=" + ID);
        assertEquals(Optional.of(ID), both.publisher());
        assertEquals(Optional.of(M), both.manifest());
        assertEquals(both, ArcletLink.parse(both.toString()));
        assertEquals(base, both.location());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "https://example.org/",
                "https://example.org/vm/",
                "https://example.org/a",
                "http://example.org/vm/a",
                "http://127.0.0.1.example.org/vm/a",
                "http://127.0.0.2/vm/a",
                "http://localhost.example.org/vm/a",
                "ftp://example.org/vm/a",
                "file:///vm/a",
                "javascript:alert(1)//vm/a",
                "https:example.org/vm/a",
                "https:///vm/a",
                "https://user@example.org/vm/a",
                "https://user:pass@example.org/vm/a",
                "https://example.org@evil.example/vm/a",
                "https://example.org\\@evil.example/vm/a",
                "https://example.org:0/vm/a",
                "https://example.org:/vm/a",
                "https://example.org:99999/vm/a",
                "https://example.org:080/vm/a",
                "https://example.org./vm/a",
                "https://-a.example/vm/a",
                "https://a..b/vm/a",
                "https://exämple.org/vm/a",
                "https://example.org/vm/a?x=1",
                "https://example.org/../vm/a",
                "https://example.org/./vm/a",
                "https://example.org/x/../vm/a",
                "https://example.org//vm/a",
                "https://example.org/%2e%2e/vm/a",
                "https://example.org/vm/%61",
                "https://example.org/vm/..",
                "https://example.org/vm/A",
                "https://example.org/vm/a_b",
                "https://example.org/vm/-a",
                "https://example.org/vm/a b",
                " https://example.org/vm/a",
                "https://example.org/vm/a\n",
                "https://example.org/vm/a\u0000",
                "https://example.org/vm/a\u202e",
                "https://example.org/vm/a#",
                "https://example.org/vm/a#x=1",
                "https://example.org/vm/a#p",
                "https://example.org/vm/a#p=",
                "https://example.org/vm/a#p=abc",
                "https://example.org/vm/a#m=sha256-abc",
                "https://example.org/vm/a#m=sha512-abc",
                "https://example.org/vm/a#p=x#m=y"
            })
    void badLinks(String link) {
        SpecException e = assertThrows(SpecException.class, () -> ArcletLink.parse(link), link);
        assertEquals(-1, e.getMessage().indexOf('\n'), "messages stay on one line");
    }

    @Test
    void fragmentsWithTricks() {
        String base = "https://example.org/vm/a#";
        String upper = ID.text().toUpperCase(Locale.ROOT);
        // The last character has spare bits; setting one spells the same id differently.
        String spare = ID.text().substring(0, 51) + (ID.text().charAt(51) == 'a' ? 'b' : 'r');
        String m = M.base64Url();
        for (String bad :
                new String[] {
                    "p=" + ID + "&p=" + ID,
                    "p=" + ID + "&",
                    "&p=" + ID,
                    "p=" + ID + "&x=1",
                    "p=" + upper,
                    "p=" + spare,
                    "P=" + ID,
                    "p=" + ID + "=",
                    "m=sha256-" + m + "=",
                    "m=" + m,
                    "m=sha256-" + m + "&m=sha256-" + m,
                    "m=sha256-" + m.substring(0, 42)
                }) {
            assertThrows(SpecException.class, () -> ArcletLink.parse(base + bad), bad);
        }
        String longLink = "https://example.org/" + "a/".repeat(1024) + "vm/a";
        assertThrows(SpecException.class, () -> ArcletLink.parse(longLink));
    }

    @Test
    void aLinkOfManySegmentsIsReadWithoutTrouble() throws Exception {
        String prefix = "https://example.org" + "/a".repeat(1000);
        assertEquals(prefix + "/", ArcletLink.parse(prefix + "/vm/b").base().toString());
    }
}
