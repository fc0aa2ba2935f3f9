package lwm2msim.interop.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Member;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;

/**
 * The simulator drains: every device de-registers, no registration expires, and the program ends with the right code.
 */
final class DrainCheck implements LoadCheck {
    private static final int FINISHED = 0;
    private static final int INTERRUPTED = 105;
    private static final int INVALID = 98;
    private static final long DRAIN_SECONDS = 60;
    private static final long SCENARIO_SECONDS = 900;

    private final Counts counts;
    private final Fleet fleet;
    private final SimulatorProcess simulator;
    private final Options options;

    DrainCheck(Counts counts, Fleet fleet, SimulatorProcess simulator, Options options) {
        this.counts = counts;
        this.fleet = fleet;
        this.simulator = simulator;
        this.options = options;
    }

    @Override
    public String name() {
        return "drain";
    }

    @Override
    public void run() throws InterruptedException {
        if (options.drainBySignal && !simulator.gone()) {
            try {
                simulator.interrupt();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        int code = simulator.waitFor(options.drainBySignal ? DRAIN_SECONDS : SCENARIO_SECONDS);
        int expected = options.drainBySignal ? INTERRUPTED : FINISHED;
        if (code == INVALID) {
            // On a busy machine its schedule slips beside this server; that it says so is right, and no matter of LwM2M.
            System.err.println("judge: the simulator calls its own run invalid (exit 98): this machine is too busy");
        } else if (code != expected) {
            counts.fail("drain: exit code of the simulator",
                    "expected " + expected + ", got " + (code < 0 ? "none, it still runs" : code)
                            + "; its last words: " + simulator.lastLines(5));
        }
        // Leshan answers the De-register first and tells its listeners then.
        Fleet.await(2000, () -> fleet.registeredNow() == 0, () -> false);
        List<Member> left = fleet.members().stream().filter(Member::registered).toList();
        if (!left.isEmpty()) {
            counts.fail("drain: devices did not de-register", left.size() + " devices, the first " + left.get(0));
        }
        if (counts.get("expired") > 0) {
            counts.fail("drain: registrations expired", counts.get("expired") + " registrations");
        }
        if (counts.get("reregistered") > 0) {
            counts.fail("drain: devices registered more than once", counts.get("reregistered") + " times");
        }
    }
}
