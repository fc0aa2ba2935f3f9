package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.response.ReadResponse;

import lwm2msim.interop.Fleet;
import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Observe, Notify and both ways to cancel (Core 6.4). The values change because the judge writes them. */
final class ObserveCases {
    private static final int STRING = 110;
    /** A change that has no attribute to wait for is notified at once. */
    static final long SOON_MS = 5000;
    static final long SILENCE_MS = 1500;

    private ObserveCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("observe/resource", d -> notified(d, TestDevice.path(STRING), null)));
        cases.add(new Case("observe/instance", d -> notified(d, TestDevice.TEST, null)));
        cases.add(new Case("observe/object", d -> notified(d, "/3442", null)));
        for (ContentFormat format : TestDevice.TREE_FORMATS) {
            cases.add(new Case("observe/instance-as-" + format.getName(), d -> notified(d, TestDevice.TEST, format)));
        }
        for (ContentFormat format :
                List.of(ContentFormat.TEXT, ContentFormat.CBOR, ContentFormat.TLV, ContentFormat.SENML_CBOR)) {
            cases.add(new Case(
                    "observe/resource-as-" + format.getName(), d -> notified(d, TestDevice.path(STRING), format)));
        }
        cases.add(new Case("observe/resource-instance", ObserveCases::resourceInstance));
        cases.add(new Case("observe/two-of-one-device", ObserveCases::two));
        cases.add(new Case("observe/large-value-in-blocks", ObserveCases::large));
        cases.add(new Case("observe/the-sequence-rises", ObserveCases::sequence));
        cases.add(new Case("observe/unknown-accept-is-4.06",
                d -> d.ask(new ObserveRequest(new ContentFormat(65000), "/3/0/0"), ResponseCode.NOT_ACCEPTABLE)));
        cases.add(new Case("observe/cancel-by-get", ObserveCases::cancelByGet));
        cases.add(new Case("observe/cancel-by-reset", ObserveCases::cancelByReset));
        cases.add(new Case("observe/survives-an-update", ObserveCases::survivesUpdate));
        cases.add(new Case("observe/deleted-instance-is-told", ObserveCases::deleted));
        cases.add(new Case(
                "observe/missing-is-4.04", d -> d.ask(new ObserveRequest("/3303/99/5700"), ResponseCode.NOT_FOUND)));
        cases.add(new Case("observe/executable-is-4.05",
                d -> d.ask(new ObserveRequest("/3303/0/5605"), ResponseCode.METHOD_NOT_ALLOWED)));
        return cases;
    }

    static void writeString(Device d, String value) throws InterruptedException {
        d.replace(TestDevice.path(STRING), LwM2mSingleResource.newStringResource(STRING, value));
    }

    private static void notified(Device d, String path, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        writeString(d, "before");
        var answer = d.observe(new ObserveRequest(format, path));
        SingleObservation observation = answer.getObservation();
        try {
            Map<String, Object> first = Nodes.flatten(path, answer.getContent());
            Unmet.expectEqual("before", first.get(TestDevice.path(STRING)), "first value");
            for (String value : List.of("after", "and after that")) {
                writeString(d, value);
                ReadResponse notification = d.inbox().next(observation, SOON_MS).single();
                Map<String, Object> values = Nodes.flatten(path, notification.getContent());
                Unmet.expectEqual(value, values.get(TestDevice.path(STRING)), "notified value");
                Unmet.expectEqual(first.keySet(), values.keySet(), "resources of the notification");
                if (format != null) {
                    Unmet.expectEqual(
                            format.getCode(), Nodes.contentFormat(notification), "format of the notification");
                }
            }
        } finally {
            d.cancel(observation);
        }
    }

    private static void resourceInstance(Device d) throws InterruptedException {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(STRING, Map.of(0, "zero", 1, "one")));
        SingleObservation observation = d.observe(path + "/1");
        try {
            d.write(Mode.REPLACE, ContentFormat.TLV, path + "/1", LwM2mResourceInstance.newStringInstance(1, "uno"));
            Unmet.expectEqual("uno", d.next(observation, SOON_MS), "notified value");
        } finally {
            d.cancel(observation);
        }
    }

    private static void two(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        SingleObservation string = d.observe(TestDevice.path(STRING));
        SingleObservation integer = d.observe(TestDevice.path(120));
        try {
            writeString(d, "only the string " + System.nanoTime());
            d.next(string, SOON_MS);
            Unmet.expect(d.inbox().silent(integer, SILENCE_MS), "what did not change is notified", "/3442/0/120");
            d.replace(TestDevice.path(120), LwM2mSingleResource.newIntegerResource(120, System.nanoTime()));
            d.next(integer, SOON_MS);
            Unmet.expect(d.inbox().silent(string, SILENCE_MS), "what did not change is notified", "/3442/0/110");
        } finally {
            d.cancel(string);
            d.cancel(integer);
        }
    }

    // RFC 7959 2.6: the notification has block 0, the rest is fetched.
    private static void large(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        writeString(d, "small");
        SingleObservation observation = d.observe(TestDevice.path(STRING));
        String value = "fedcba9876543210".repeat(120);
        try {
            writeString(d, value);
            Unmet.expectEqual(value, d.next(observation, SOON_MS), "notified value, put together");
        } finally {
            d.cancel(observation);
            writeString(d, "small");
        }
    }

    private static void sequence(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        SingleObservation observation = d.observe(TestDevice.path(STRING));
        try {
            int last = -1;
            for (int i = 0; i < 3; i++) {
                writeString(d, "number " + i + " " + System.nanoTime());
                int sequence = Nodes.coap(d.inbox().next(observation, SOON_MS).single()).getOptions().getObserve();
                Unmet.expect(sequence > last, "the sequence of notifications does not rise", last + ", " + sequence);
                last = sequence;
            }
        } finally {
            d.cancel(observation);
        }
    }

    private static void cancelByGet(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        SingleObservation observation = d.observe(TestDevice.path(STRING));
        writeString(d, "noticed " + System.nanoTime());
        d.next(observation, SOON_MS);
        d.cancel(observation);
        long before = d.notificationsOnTheWire();
        writeString(d, "not noticed " + System.nanoTime());
        Thread.sleep(SILENCE_MS);
        Unmet.expectEqual(before, d.notificationsOnTheWire(), "notifications after the cancel");
    }

    private static void cancelByReset(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        SingleObservation observation = d.observe(TestDevice.path(STRING));
        d.forget(observation);
        long before = d.notificationsOnTheWire();
        writeString(d, "answered by a reset " + System.nanoTime());
        Fleet.await(SOON_MS, () -> d.notificationsOnTheWire() > before, () -> false);
        Unmet.expectEqual(before + 1, d.notificationsOnTheWire(), "notifications before the device knows");
        Thread.sleep(200); // the Reset travels
        writeString(d, "not noticed " + System.nanoTime());
        Thread.sleep(SILENCE_MS);
        Unmet.expectEqual(before + 1, d.notificationsOnTheWire(), "notifications after the Reset");
    }

    // RFC 7641 3.2: a notification with an error code ends the observation.
    private static void deleted(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        d.ask(new CreateRequest(3442, new LwM2mObjectInstance(6, LwM2mSingleResource.newStringResource(STRING, "x"))),
                ResponseCode.CREATED);
        SingleObservation observation;
        try {
            observation = d.observe("/3442/6/110");
        } finally {
            d.ask(new DeleteRequest("/3442/6"), ResponseCode.DELETED);
        }
        Inbox.Notification last = d.inbox().next(observation, SOON_MS);
        Unmet.expectEqual(ResponseCode.NOT_FOUND, last.single().getCode(), "code of the last notification");
    }

    private static void survivesUpdate(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        SingleObservation observation = d.observe(TestDevice.path(STRING));
        try {
            RegistrationCases.triggerUpdate(d);
            writeString(d, "after the update " + System.nanoTime());
            d.next(observation, SOON_MS);
        } finally {
            d.cancel(observation);
        }
    }
}
