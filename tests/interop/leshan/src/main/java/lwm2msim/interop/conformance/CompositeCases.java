package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.request.CancelCompositeObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.WriteCompositeRequest;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ReadCompositeResponse;
import org.eclipse.leshan.core.response.WriteCompositeResponse;

import lwm2msim.interop.Fleet;
import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Read-, Write- and Observe-Composite of 1.1 (Core 6.3.8, 6.3.9, 6.4.4) in SenML JSON and CBOR. */
final class CompositeCases {
    private static final List<ContentFormat> FORMATS = List.of(ContentFormat.SENML_CBOR, ContentFormat.SENML_JSON);

    private CompositeCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (ContentFormat format : FORMATS) {
            String name = format.getName();
            cases.add(new Case("read-composite/of-every-level-as-" + name, d -> read(d, format)));
            cases.add(new Case("read-composite/leaves-out-what-is-missing-as-" + name, d -> readMissing(d, format)));
            cases.add(new Case("write-composite/several-objects-as-" + name, d -> write(d, format)));
            cases.add(new Case("write-composite/all-or-nothing-as-" + name, d -> allOrNothing(d, format)));
            cases.add(new Case("observe-composite/notifies-and-is-cancelled-as-" + name, d -> observe(d, format)));
            cases.add(new Case("observe-composite/is-cancelled-by-reset-as-" + name, d -> cancelByReset(d, format)));
            cases.add(new Case("read-composite/whole-device-as-" + name, d -> readAll(d, format)));
            cases.add(new Case("write-composite/resource-instances-as-" + name, d -> writeInstances(d, format)));
        }
        return cases;
    }

    private static void needs(Device d) {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
    }

    private static Map<String, Object> flatten(Map<LwM2mPath, LwM2mNode> nodes) {
        Map<String, Object> flat = new TreeMap<>();
        nodes.forEach((path, node) -> {
            if (node != null) {
                flat.putAll(Nodes.flatten(path.toString(), node));
            }
        });
        return flat;
    }

    private static ReadCompositeResponse ask(Device d, ContentFormat format, String... paths)
            throws InterruptedException {
        ReadCompositeResponse answer = d.ask(new ReadCompositeRequest(format, format, paths));
        d.skipUnlessPromised(format, answer, ResponseCode.UNSUPPORTED_CONTENT_FORMAT);
        d.skipUnlessPromised(format, answer, ResponseCode.NOT_ACCEPTABLE);
        Unmet.expectEqual(ResponseCode.CONTENT, answer.getCode(), "code of the answer to Read-Composite");
        Unmet.expectEqual(format.getCode(), Nodes.contentFormat(answer), "format of the answer");
        return answer;
    }

    private static void read(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        String instance = TestDevice.path(1110) + "/0";
        d.replace(TestDevice.path(1110), TestDevice.multiple(110, Map.of(0, "zero", 1, "one")));
        Map<String, Object> values =
                flatten(ask(d, format, "/3/0/0", "/1/0", "/3303/0/5701", TestDevice.path(120), instance).getContent());
        Map<String, Object> expected = new TreeMap<>(d.values("/1/0"));
        for (String path : List.of("/3/0/0", "/3303/0/5701", TestDevice.path(120), instance)) {
            expected.put(path, d.value(path));
        }
        Unmet.expectEqual(expected, values, "values");
    }

    private static void readMissing(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        Map<String, Object> values = flatten(ask(d, format, "/3/0/0", "/3303/99/5700").getContent());
        Unmet.expectEqual(Map.of("/3/0/0", d.value("/3/0/0")), values, "values");
    }

    private static WriteCompositeResponse send(Device d, ContentFormat format, Map<String, Object> values)
            throws InterruptedException {
        WriteCompositeResponse answer = d.ask(new WriteCompositeRequest(format, values));
        d.skipUnlessPromised(format, answer, ResponseCode.UNSUPPORTED_CONTENT_FORMAT);
        return answer;
    }

    private static void write(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("/3/0/15", "Composite/" + format.getName());
        values.put("/3303/0/5750", "composite " + format.getName());
        values.put(TestDevice.path(120), (long) format.getCode());
        Unmet.expectEqual(ResponseCode.CHANGED, send(d, format, values).getCode(), "code of the answer");
        for (Map.Entry<String, Object> entry : values.entrySet()) {
            d.expectValue(entry.getKey(), entry.getValue());
        }
    }

    private static void allOrNothing(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        Object before = d.value("/3303/0/5750");
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("/3303/0/5750", "must not stay");
        values.put("/3/0/0", "not writable");
        Unmet.expectEqual(ResponseCode.METHOD_NOT_ALLOWED, send(d, format, values).getCode(), "code of the answer");
        d.expectValue("/3303/0/5750", before);
    }

    private static void readAll(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        Map<String, Object> values = flatten(ask(d, format, "/1", "/3", "/3442").getContent());
        Map<String, Object> expected = new TreeMap<>(d.values("/1"));
        expected.putAll(d.values("/3"));
        expected.putAll(d.values("/3442"));
        Unmet.expectEqual(expected, values, "values");
    }

    private static void writeInstances(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(110, Map.of(0, "zero", 1, "one")));
        Map<String, Object> values = new LinkedHashMap<>();
        values.put(path + "/1", "uno");
        values.put(path + "/2", "dos");
        Unmet.expectEqual(ResponseCode.CHANGED, send(d, format, values).getCode(), "code of the answer");
        Unmet.expectEqual(Map.of(path + "/0", "zero", path + "/1", "uno", path + "/2", "dos"), d.values(path),
                "instances of " + path);
    }

    private static void cancelByReset(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        ObserveCompositeResponse answer =
                d.ask(new ObserveCompositeRequest(format, format, TestDevice.path(110), "/3303/0/5701"));
        Unmet.expectEqual(ResponseCode.CONTENT, answer.getCode(), "code of the answer to Observe-Composite");
        d.forget(answer.getObservation());
        long before = d.notificationsOnTheWire();
        ObserveCases.writeString(d, "answered by a reset " + System.nanoTime());
        Fleet.await(ObserveCases.SOON_MS, () -> d.notificationsOnTheWire() > before, () -> false);
        Thread.sleep(200); // the Reset travels
        ObserveCases.writeString(d, "not noticed " + System.nanoTime());
        Thread.sleep(ObserveCases.SILENCE_MS);
        Unmet.expectEqual(before + 1, d.notificationsOnTheWire(), "notifications, the one that was reset included");
    }

    private static void observe(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        ObserveCases.writeString(d, "before " + format.getName());
        ObserveCompositeResponse answer =
                d.ask(new ObserveCompositeRequest(format, format, TestDevice.path(110), "/3303/0/5701"));
        d.skipUnlessPromised(format, answer, ResponseCode.UNSUPPORTED_CONTENT_FORMAT);
        d.skipUnlessPromised(format, answer, ResponseCode.NOT_ACCEPTABLE);
        Unmet.expectEqual(ResponseCode.CONTENT, answer.getCode(), "code of the answer to Observe-Composite");
        CompositeObservation observation = answer.getObservation();
        Unmet.expect(observation != null, "the answer has no Observe option", answer);
        String value = "after " + System.nanoTime();
        ObserveCases.writeString(d, value);
        Map<String, Object> notified =
                flatten(d.inbox().next(observation, ObserveCases.SOON_MS).composite().getContent());
        d.ask(new CancelCompositeObservationRequest(observation), ResponseCode.CONTENT);
        d.forget(observation);
        Unmet.expectEqual(Map.of(TestDevice.path(110), value, "/3303/0/5701", "Cel"), notified, "notified values");
        long before = d.notificationsOnTheWire();
        ObserveCases.writeString(d, "not noticed " + System.nanoTime());
        Thread.sleep(ObserveCases.SILENCE_MS);
        Unmet.expectEqual(before, d.notificationsOnTheWire(), "notifications after the cancel");
    }
}
