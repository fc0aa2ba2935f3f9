package lwm2msim.interop.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.WriteRequest;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Member;
import lwm2msim.interop.Unmet;
import lwm2msim.interop.Nodes;

/**
 * A write reaches one device and nothing else: all objects of all devices are read, random devices are written to, all
 * is read again. Devices of one profile share what they have in common, so this is where a write would leak.
 */
final class IsolationCheck implements LoadCheck {
    private static final int WRITTEN = 100;
    private static final long SEED = 20250101;

    private final Counts counts;
    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;

    IsolationCheck(Counts counts, Fleet fleet, Downlink downlink, Flows flows) {
        this.counts = counts;
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "isolation";
    }

    @Override
    public void run() throws InterruptedException {
        List<Member> all = fleet.members();
        List<Member> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, new Random(SEED));
        List<Member> chosen = shuffled.subList(0, Math.max(1, Math.min(WRITTEN, all.size() / 2)));

        Map<Member, Map<String, Object>> before = readWhole(all);
        Map<Member, Map<String, Object>> written = new HashMap<>();
        for (Member device : chosen) {
            written.put(device,
                    Map.of(InteropSensor.APPLICATION_TYPE, "isolated-" + device.endpoint(), InteropSensor.TIMEZONE,
                            "isolated/" + device.endpoint()));
        }
        flows.forEach(name(), chosen, device -> write(device, written.get(device)));
        Map<Member, Map<String, Object>> after = readWhole(all);

        for (Member device : all) {
            if (before.containsKey(device) && after.containsKey(device)) {
                compare(device, before.get(device), written.getOrDefault(device, Map.of()), after.get(device));
            }
        }
        counts.add("devices_read_whole", after.size());
        counts.add("devices_written_alone", chosen.size());
    }

    private void compare(
            Member device, Map<String, Object> before, Map<String, Object> written, Map<String, Object> after) {
        Map<String, Object> expected = new TreeMap<>(before);
        expected.putAll(written);
        try {
            Unmet.expectEqual(expected.keySet(), after.keySet(), "the device has other resources than before");
            expected.forEach((path, value) -> {
                if (!InteropSensor.DYNAMIC.contains(path)) {
                    Unmet.expectEqual(value, after.get(path),
                            written.containsKey(path)   ? "the written value is not there"
                                    : written.isEmpty() ? "a device that nobody wrote to has changed"
                                                        : "a write changed another resource too");
                }
            });
        } catch (Unmet unmet) {
            counts.fail(name(), device.endpoint(), unmet);
        }
    }

    private CompletableFuture<?> write(Member device, Map<String, Object> values) {
        return downlink
                .ask(device, new WriteRequest(3303, 0, 5750, (String) values.get(InteropSensor.APPLICATION_TYPE)),
                        ResponseCode.CHANGED)
                .thenCompose(done
                        -> downlink.ask(device, new WriteRequest(3, 0, 15, (String) values.get(InteropSensor.TIMEZONE)),
                                ResponseCode.CHANGED));
    }

    private Map<Member, Map<String, Object>> readWhole(List<Member> devices) throws InterruptedException {
        Map<Member, Map<String, Object>> trees = new ConcurrentHashMap<>();
        flows.forEach(name(), devices, device -> {
            Map<String, Object> tree = new ConcurrentHashMap<>();
            CompletableFuture<?> chain = CompletableFuture.completedFuture(null);
            for (String object : InteropSensor.OBJECTS) {
                chain = chain.thenCompose(done -> downlink.read(device, object))
                                .thenAccept(answer -> tree.putAll(Nodes.flatten(object, answer.getContent())));
            }
            return chain.thenRun(() -> trees.put(device, tree));
        });
        return trees;
    }
}
