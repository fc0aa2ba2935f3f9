package lwm2msim.interop.load;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteRequest;

import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.Member;

/** Every device is asked for what it has not (4.04) and what the object does not allow (4.05). */
final class WrongRequestCheck implements LoadCheck {
    private record Wrong(DownlinkDeviceManagementRequest<?> request, ResponseCode code) {}

    private static final List<Wrong> REQUESTS = List.of(new Wrong(new ReadRequest("/3/0/9999"), ResponseCode.NOT_FOUND),
            new Wrong(new ReadRequest("/3303/9"), ResponseCode.NOT_FOUND),
            new Wrong(new ReadRequest("/3304"), ResponseCode.NOT_FOUND),
            new Wrong(new ReadRequest("/3303/0/5605"), ResponseCode.METHOD_NOT_ALLOWED),
            new Wrong(new WriteRequest(3, 0, 0, "not writable"), ResponseCode.METHOD_NOT_ALLOWED),
            new Wrong(new WriteRequest(3303, 0, 5700, 1.0), ResponseCode.METHOD_NOT_ALLOWED),
            new Wrong(new WriteRequest(3303, 9, 5750, "no such instance"), ResponseCode.NOT_FOUND),
            new Wrong(new ExecuteRequest("/3/0/0"), ResponseCode.METHOD_NOT_ALLOWED),
            new Wrong(new ExecuteRequest("/3303/9/5605"), ResponseCode.NOT_FOUND),
            new Wrong(new DiscoverRequest("/3303/9"), ResponseCode.NOT_FOUND));

    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;

    WrongRequestCheck(Fleet fleet, Downlink downlink, Flows flows) {
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "wrong";
    }

    @Override
    public void run() throws InterruptedException {
        flows.forEach(name(), fleet.members(), device -> {
            CompletableFuture<?> chain = CompletableFuture.completedFuture(null);
            for (Wrong wrong : REQUESTS) {
                Supplier<CompletableFuture<?>> next = () -> ask(device, wrong);
                chain = chain.thenCompose(done -> next.get());
            }
            return chain;
        });
    }

    private CompletableFuture<?> ask(Member device, Wrong wrong) {
        return downlink.ask(device, wrong.request(), wrong.code());
    }
}
