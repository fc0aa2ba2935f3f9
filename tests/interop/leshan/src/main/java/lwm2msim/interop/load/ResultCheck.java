package lwm2msim.interop.load;

import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorResult;
import lwm2msim.interop.WireCounts;

/** The simulator's own counts and the server's are the same, to the unit. */
final class ResultCheck implements LoadCheck {
    private final Counts counts;
    private final WireCounts wire;
    private final Options options;

    ResultCheck(Counts counts, WireCounts wire, Options options) {
        this.counts = counts;
        this.wire = wire;
        this.options = options;
    }

    @Override
    public String name() {
        return "result";
    }

    @Override
    public void run() {
        SimulatorResult result;
        try {
            result = new SimulatorResult(options.out);
        } catch (IOException e) {
            counts.fail("result: no readable result.json", e.toString());
            return;
        }
        same("register", counts.get("registered"), result.ok("register"));
        same("update", counts.get("updates"), result.ok("update"));
        same("deregister", counts.get("deregistered"), result.ok("deregister"));
        // What reached the server's endpoint: one that crossed the De-register was sent, though Leshan drops it.
        same("notify", wire.get("notifications_received"), result.ok("notify"));
        if (!result.conserved()) {
            counts.fail("result: the simulator lost count of something", "conservation.ok is not true in result.json");
        }
        Map<String, Long> ours = counts.startingWith("answer ");
        Map<String, Long> theirs = result.serverRequests();
        TreeSet<String> kinds = new TreeSet<>(ours.keySet());
        kinds.addAll(theirs.keySet());
        for (String kind : kinds) {
            same("server request " + kind, ours.getOrDefault(kind, 0L), theirs.getOrDefault(kind, 0L));
        }
    }

    private void same(String what, Long server, Long simulator) {
        if (!Objects.equals(server, simulator)) {
            counts.fail("result: counts differ for " + what, "server " + server + ", simulator " + simulator);
        }
    }
}
