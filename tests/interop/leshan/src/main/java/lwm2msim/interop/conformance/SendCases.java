package lwm2msim.interop.conformance;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;

import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Send of 1.1 (Core 6.4.6) by devices that report unasked every two seconds, and Mute Send. */
final class SendCases {
    /** In the names of the devices that send; the others do not. */
    static final String KIND = "send";

    private static final LwM2mPath SENSOR = new LwM2mPath("/3303/0/5700");
    private static final LwM2mPath TEXT = new LwM2mPath("/3303/0/5750");
    private static final long EVERY_MS = 2000;
    private static final long WITHIN_MS = 3 * EVERY_MS;
    private static final String MUTE_SEND = "/1/0/23";

    private SendCases() {}

    static List<Case> all(String kind) {
        // As conformance-send-json.yaml and conformance-send-cbor.yaml have it.
        String format = kind.endsWith("json") ? "SENML_JSON" : "SENML_CBOR";
        int samples = kind.endsWith("json") ? 3 : 1;
        return List.of(new Case("send/values-as-" + format, d -> values(d, samples)),
                new Case("send/written-value-as-" + format, SendCases::written),
                new Case("send/every-two-seconds-as-" + format, SendCases::period),
                new Case("send/timestamps-as-" + format, d -> timestamps(d, samples)),
                new Case("send/mute-as-" + format, SendCases::mute));
    }

    private static TimestampedLwM2mNodes next(Device d) throws InterruptedException {
        return d.inbox().nextSend(d.member().endpoint(), WITHIN_MS);
    }

    // The samples of before the start of the device are not there.
    private static List<Map<LwM2mPath, LwM2mNode>> samples(Device d, int wanted) throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            TimestampedLwM2mNodes data = next(d);
            if (data.getTimestamps().size() == wanted) {
                List<Map<LwM2mPath, LwM2mNode>> all = new ArrayList<>();
                data.getTimestamps().forEach(at -> all.add(data.getNodesAt(at)));
                return all;
            }
        }
        throw new Unmet("no Send with " + wanted + " samples", "of three");
    }

    private static void values(Device d, int samples) throws InterruptedException {
        for (Map<LwM2mPath, LwM2mNode> sample : samples(d, samples)) {
            Unmet.expectEqual(Set.of(SENSOR, TEXT), sample.keySet(), "paths of a sample");
            double sensor = (double) Nodes.single(sample.get(SENSOR));
            Unmet.expect(sensor >= 15 && sensor <= 25, "a sent value out of the profile's range", sensor);
        }
    }

    private static void written(Device d) throws InterruptedException {
        String value = "sent " + System.nanoTime();
        d.replace(TEXT.toString(), LwM2mSingleResource.newStringResource(TEXT.getResourceId(), value));
        d.inbox().forgetSends(d.member().endpoint());
        Unmet.expectEqual(value, Nodes.single(next(d).getMostRecentNodes().get(TEXT)), "the written value, sent");
    }

    private static void period(Device d) throws InterruptedException {
        d.inbox().forgetSends(d.member().endpoint());
        next(d);
        long start = System.nanoTime();
        next(d);
        next(d);
        double apart = (System.nanoTime() - start) / 2e6;
        Unmet.expect(apart > 0.8 * EVERY_MS && apart < 1.3 * EVERY_MS, "not two seconds apart", apart + " ms");
    }

    private static void timestamps(Device d, int samples) throws InterruptedException {
        Skip.when(samples == 1, "this device sends values of now, which have no time");
        for (int i = 0; i < 3; i++) {
            TimestampedLwM2mNodes data = next(d);
            List<Instant> times = data.getTimestamps().stream().filter(at -> at != null).sorted().toList();
            if (data.getTimestamps().size() < samples) {
                continue;
            }
            Unmet.expect(times.size() >= samples - 1, "a past sample without its time", data.getTimestamps());
            for (int k = 1; k < times.size(); k++) {
                double apart = Duration.between(times.get(k - 1), times.get(k)).toMillis();
                double wanted = (double) EVERY_MS / samples;
                Unmet.expect(apart > 0.9 * wanted && apart < 1.1 * wanted, "samples are not evenly apart", times);
            }
            long age = Duration.between(times.get(0), Instant.now()).toMillis();
            Unmet.expect(age > 0 && age < 2 * EVERY_MS, "the oldest sample is not of the last period", age + " ms");
            return;
        }
        throw new Unmet("no Send with " + samples + " samples", "of three");
    }

    private static void mute(Device d) throws InterruptedException {
        d.replace(MUTE_SEND, LwM2mSingleResource.newBooleanResource(23, true));
        try {
            d.inbox().forgetSends(d.member().endpoint());
            Unmet.expect(d.inbox().noSend(d.member().endpoint(), WITHIN_MS), "a muted device sends", MUTE_SEND);
        } finally {
            d.replace(MUTE_SEND, LwM2mSingleResource.newBooleanResource(23, false));
        }
        next(d);
    }
}
