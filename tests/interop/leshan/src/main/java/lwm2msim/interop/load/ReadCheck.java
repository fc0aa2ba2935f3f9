package lwm2msim.interop.load;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ReadRequest;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Member;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Every device: /3/0 as a whole without Accept (TLV), and the sensor value as TLV, SenML CBOR and text. */
final class ReadCheck implements LoadCheck {
    private final Counts counts;
    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;
    private final Set<Object> distinctValues = ConcurrentHashMap.newKeySet();

    ReadCheck(Counts counts, Fleet fleet, Downlink downlink, Flows flows) {
        this.counts = counts;
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "read";
    }

    @Override
    public void run() throws InterruptedException {
        flows.forEach(name(), fleet.members(),
                device
                -> readDevice(device)
                           .thenCompose(done -> readSensor(device, ContentFormat.TLV))
                           .thenCompose(done -> readSensor(device, ContentFormat.SENML_CBOR))
                           .thenCompose(done -> readSensor(device, ContentFormat.TEXT)));
        // Each device draws its own values: a fleet of copies of one device would pass everything above.
        int devices = fleet.members().size();
        if (distinctValues.size() < devices / 2) {
            counts.fail("read: the devices' sensor values are the same",
                    distinctValues.size() + " values on " + devices + " devices");
        }
    }

    private CompletableFuture<?> readDevice(Member device) {
        return downlink.read(device, "/3/0").thenAccept(answer -> {
            Unmet.expectEqual(ContentFormat.TLV_CODE, Nodes.contentFormat(answer), "format of a read without Accept");
            Map<String, Object> values = Nodes.flatten("/3/0", answer.getContent());
            InteropSensor.CONSTANTS.forEach((path, value) -> {
                if (path.startsWith("/3/0/")) {
                    Unmet.expectEqual(value, values.get(path), "value of " + path);
                }
            });
        });
    }

    private CompletableFuture<?> readSensor(Member device, ContentFormat format) {
        return downlink.ask(device, new ReadRequest(format, InteropSensor.SENSOR_VALUE), ResponseCode.CONTENT)
                .thenAccept(answer -> {
                    Unmet.expectEqual(
                            format.getCode(), Nodes.contentFormat(answer), "format of a read with Accept " + format);
                    Object value = Nodes.single(answer.getContent());
                    InteropSensor.expectPlausible(value);
                    distinctValues.add(value);
                });
    }
}
