package lwm2msim.interop.load;

import java.util.concurrent.CompletableFuture;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;

import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Member;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/**
 * Every device is written a value of its own, by replace of a resource and by partial update of an instance, and read
 * back.
 */
final class WriteCheck implements LoadCheck {
    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;

    WriteCheck(Fleet fleet, Downlink downlink, Flows flows) {
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "write";
    }

    @Override
    public void run() throws InterruptedException {
        flows.forEach(name(), fleet.members(), device -> {
            String replaced = "r-" + device.endpoint();
            String updated = "u-" + device.endpoint();
            String zone = "z/" + device.endpoint();
            return replace(device, 3303, 0, 5750, replaced)
                    .thenCompose(done -> expectValue(device, InteropSensor.APPLICATION_TYPE, replaced))
                    .thenCompose(done -> update(device, 3303, 0, 5750, updated))
                    .thenCompose(done -> expectValue(device, InteropSensor.APPLICATION_TYPE, updated))
                    // A partial update touches nothing else of the instance.
                    .thenCompose(done -> expectValue(device, "/3303/0/5701", "Cel"))
                    .thenCompose(done -> replace(device, 3, 0, 15, zone))
                    .thenCompose(done -> expectValue(device, InteropSensor.TIMEZONE, zone));
        });
    }

    private CompletableFuture<?> replace(Member device, int object, int instance, int resource, String value) {
        return downlink.ask(device, new WriteRequest(object, instance, resource, value), ResponseCode.CHANGED);
    }

    private CompletableFuture<?> update(Member device, int object, int instance, int resource, String value) {
        return downlink.ask(device,
                new WriteRequest(Mode.UPDATE, object, instance, LwM2mSingleResource.newStringResource(resource, value)),
                ResponseCode.CHANGED);
    }

    private CompletableFuture<?> expectValue(Member device, String path, Object expected) {
        return downlink.read(device, path)
                .thenAccept(answer
                        -> Unmet.expectEqual(
                                expected, Nodes.single(answer.getContent()), "value of " + path + " after the write"));
    }
}
