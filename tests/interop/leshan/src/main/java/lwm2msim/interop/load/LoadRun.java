package lwm2msim.interop.load;

import java.io.IOException;
import java.util.List;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.LeshanPeer;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;
import lwm2msim.interop.Unmet;

/**
 * Many devices of one profile: registered, observed, read, written, executed, asked wrong things, de-registered,
 * counted.
 */
public final class LoadRun {
    private final Options options;
    private final Counts counts;
    private final LeshanPeer peer;
    private final SimulatorProcess simulator;

    public LoadRun(Options options, Counts counts, LeshanPeer peer, SimulatorProcess simulator) {
        this.options = options;
        this.counts = counts;
        this.peer = peer;
        this.simulator = simulator;
    }

    public void run() throws InterruptedException, IOException {
        Fleet fleet = new Fleet(counts);
        fleet.watch(peer.server());
        Downlink downlink = new Downlink(peer.server(), counts, options.timeoutSeconds * 1000L);
        Flows flows = new Flows(counts, options.window, simulator::gone);
        RegistrationCheck registration = new RegistrationCheck(counts, fleet, simulator, options);
        timed(registration);
        if (fleet.members().isEmpty()) {
            return; // nothing can be asked; the failure is counted
        }
        List<LoadCheck> checks = List.of(new ObserveCheck(counts, fleet, downlink, flows),
                new ReadCheck(counts, fleet, downlink, flows), new DiscoverCheck(fleet, downlink, flows),
                new WriteCheck(fleet, downlink, flows), new ExecuteCheck(counts, fleet, downlink, flows, simulator),
                new WrongRequestCheck(fleet, downlink, flows), new IsolationCheck(counts, fleet, downlink, flows),
                new NotificationCheck(counts, fleet, simulator));
        try {
            for (LoadCheck check : checks) {
                timed(check);
            }
        } catch (Unmet simulatorGone) {
            counts.fail("run", "simulator", simulatorGone);
        }
        timed(new DrainCheck(counts, fleet, simulator, options));
        if (options.compareResult) {
            timed(new ResultCheck(counts, peer.wire(), options));
        }
    }

    private static void timed(LoadCheck check) throws InterruptedException {
        long begin = System.nanoTime();
        check.run();
        System.err.printf("judge: %-12s %6.1f s%n", check.name(), (System.nanoTime() - begin) / 1e9);
    }
}
