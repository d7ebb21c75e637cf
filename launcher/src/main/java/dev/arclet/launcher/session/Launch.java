package dev.arclet.launcher.session;

import dev.arclet.format.FormatException;
import dev.arclet.format.json.StrictJson;
import dev.arclet.format.link.ArcletLink;
import dev.arclet.format.verify.Trust;
import dev.arclet.launcher.LauncherException;
import dev.arclet.launcher.LauncherException.Kind;
import dev.arclet.launcher.consent.ConsentView;
import dev.arclet.launcher.policy.Abilities;
import dev.arclet.launcher.policy.Choice;
import dev.arclet.launcher.policy.Decision;
import dev.arclet.launcher.policy.GrantStore;
import dev.arclet.launcher.run.MachineRunner;
import dev.arclet.launcher.run.Resolved;
import dev.arclet.launcher.run.VmInstance;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import tools.jackson.databind.node.ObjectNode;

/**
 * One opened link on its way to a machine: nothing happens until its one-time address is used, then
 * the spec is verified, then the user is asked, then at most one machine is started.
 */
final class Launch {
    private enum State {
        WAITING,
        CHECKING,
        ASKING,
        REFUSED,
        STARTED,
        CANCELLED
    }

    private final String id = Secrets.name();
    private final ArcletLink link;
    private final MachineRunner runner;
    private final GrantStore grants;
    private final Executor background;
    private State state = State.WAITING;
    private Resolved resolved;
    private Optional<Choice> allowed = Optional.empty();
    private String refusal = "";
    private VmInstance vm;

    Launch(ArcletLink link, MachineRunner runner, GrantStore grants, Executor background) {
        this.background = background;
        this.link = link;
        this.runner = runner;
        this.grants = grants;
    }

    String id() {
        return id;
    }

    /** The one-time address has been used: find out what the link leads to. */
    synchronized void check() {
        if (state != State.WAITING) {
            return;
        }
        state = State.CHECKING;
        background.execute(this::resolve);
    }

    private void resolve() {
        String problem;
        try {
            Resolved found = runner.resolver().resolve(link);
            runner.check(found.verified().spec());
            Optional<Choice> remembered =
                    found.verified().trust() == Trust.EXACT_UNCONFIRMED
                                    || found.knownSince().isEmpty()
                            ? Optional.empty()
                            : grants.find(found.verified().publisher(), found.verified().spec());
            synchronized (this) {
                if (state == State.CHECKING) {
                    resolved = found;
                    allowed = remembered;
                    state = State.ASKING;
                }
            }
            return;
        } catch (LauncherException | FormatException e) {
            problem = e.getMessage();
        } catch (IOException e) {
            problem = "cannot open " + link.location() + ": " + e.getMessage() + ". Try again.";
        } catch (InterruptedException e) {
            problem = "cannot open " + link.location() + ": it was interrupted. Try again.";
        }
        synchronized (this) {
            if (state == State.CHECKING) {
                refusal = problem;
                state = State.REFUSED;
            }
        }
    }

    /** What the consent page shows. */
    synchronized ObjectNode json() {
        return switch (state) {
            case WAITING, CHECKING ->
                    StrictJson.object().put("state", "checking").put("link", link.location());
            case ASKING -> ConsentView.json(resolved, Abilities.CURRENT, allowed.isPresent());
            case REFUSED ->
                    StrictJson.object()
                            .put("state", "refused")
                            .put("link", link.location())
                            .put("message", refusal);
            case STARTED ->
                    StrictJson.object().put("state", "started").put("page", "/vm/" + vm.id());
            case CANCELLED ->
                    StrictJson.object().put("state", "cancelled").put("link", link.location());
        };
    }

    /**
     * The user has said yes. A second yes gives the same machine.
     *
     * @param choice ignored in favour of what was remembered if the page sent none
     */
    synchronized VmInstance run(Optional<Choice> choice) throws LauncherException, IOException {
        if (state == State.STARTED) {
            return vm;
        }
        if (state != State.ASKING) {
            throw new LauncherException(
                    Kind.USAGE,
                    "run",
                    link.location(),
                    "its publisher has not been checked, or the launch was cancelled",
                    "Open the link again");
        }
        Choice made = choice.or(() -> allowed).orElse(Choice.NOTHING);
        Decision decision =
                Decision.of(resolved.verified().spec().capabilities(), made, Abilities.CURRENT);
        vm = runner.start(resolved, decision);
        state = State.STARTED;
        if (made.always() && resolved.verified().trust() != Trust.EXACT_UNCONFIRMED) {
            grants.remember(resolved.verified().publisher(), resolved.verified().spec(), made);
        }
        return vm;
    }

    synchronized void cancel() {
        if (state != State.STARTED) {
            state = State.CANCELLED;
        }
    }

    synchronized boolean isOver() {
        return state == State.STARTED || state == State.CANCELLED || state == State.REFUSED;
    }
}
