package lwm2msim.interop.load;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.ExecuteRequest;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.Member;
import lwm2msim.interop.SimulatorProcess;

/**
 * Every device executes: reset of min and max, reset of the error codes, and the update trigger, which an Update must
 * follow.
 */
final class ExecuteCheck implements LoadCheck {
    private static final long UPDATE_WITHIN_MS = 15_000;

    private final Counts counts;
    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;
    private final SimulatorProcess simulator;

    ExecuteCheck(Counts counts, Fleet fleet, Downlink downlink, Flows flows, SimulatorProcess simulator) {
        this.counts = counts;
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
        this.simulator = simulator;
    }

    @Override
    public String name() {
        return "execute";
    }

    @Override
    public void run() throws InterruptedException {
        Map<Member, Integer> updatesBefore = new ConcurrentHashMap<>();
        flows.forEach(name(), fleet.members(),
                device
                -> execute(device, "/3303/0/5605").thenCompose(done -> execute(device, "/3/0/12")).thenCompose(done -> {
                    updatesBefore.put(device, device.updates());
                    return execute(device, "/1/0/8");
                }));
        Fleet.await(UPDATE_WITHIN_MS,
                ()
                        -> updatesBefore.entrySet().stream().allMatch(e -> e.getKey().updates() > e.getValue()),
                simulator::gone);
        updatesBefore.forEach((device, before) -> {
            if (device.updates() <= before) {
                counts.fail("execute: no Update after the update trigger /1/0/8", device.endpoint());
            }
        });
    }

    private CompletableFuture<?> execute(Member device, String path) {
        return downlink.ask(device, new ExecuteRequest(path), ResponseCode.CHANGED);
    }
}
