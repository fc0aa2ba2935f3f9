package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.eclipse.californium.core.coap.Request;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.util.datatype.ULong;

import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/**
 * Write in every mode and format (Core 6.3.3): what was written is read back, nothing else changed. And the refusals.
 */
final class WriteCases {
    private static final int STRING = 110;
    private static final int INTEGER = 120;
    private static final int UNSIGNED = 125;
    private static final ULong MOST = ULong.valueOf("18446744073709551615");

    private WriteCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (ContentFormat format : TestDevice.TREE_FORMATS) {
            String name = format.getName();
            for (int id : TestDevice.VALUES.keySet()) {
                cases.add(new Case("write/" + TestDevice.type(id) + "-as-" + name, d -> single(d, id, format)));
            }
            cases.add(new Case("write/multiple-as-" + name, d -> multiple(d, format)));
            cases.add(new Case("write/resource-instance-as-" + name, d -> resourceInstance(d, format)));
            cases.add(new Case("write/update-instance-as-" + name, d -> updateInstance(d, format)));
            cases.add(new Case("write/replace-instance-as-" + name, d -> replaceInstance(d, format)));
            cases.add(new Case("write/update-merges-multiple-as-" + name, d -> updateMultiple(d, format)));
        }
        for (int id : TestDevice.VALUES.keySet()) {
            for (ContentFormat format : List.of(ContentFormat.TEXT, ContentFormat.CBOR)) {
                cases.add(new Case(
                        "write/" + TestDevice.type(id) + "-as-" + format.getName(), d -> single(d, id, format)));
            }
        }
        cases.add(new Case("write/OPAQUE-as-OPAQUE", d -> single(d, 150, ContentFormat.OPAQUE)));
        for (ContentFormat format : List.of(ContentFormat.JSON, ContentFormat.SENML_JSON, ContentFormat.SENML_CBOR,
                     ContentFormat.TEXT, ContentFormat.CBOR)) {
            cases.add(new Case("write/unsigned-integer-of-64-bits-as-" + format.getName(), d -> {
                d.needs(Models.TEST_OBJECT);
                d.write(Mode.REPLACE, format, TestDevice.path(UNSIGNED), TestDevice.single(UNSIGNED, MOST));
                d.expectValue(TestDevice.path(UNSIGNED), MOST);
            }));
        }
        cases.add(new Case("write/unsigned-integer-of-64-bits-as-TLV", WriteCases::mostAsTlv));
        cases.add(new Case("write/update-replaces-multiple-in-1.0", WriteCases::updateMultiple10));
        cases.add(new Case("write/large-value-block-wise", WriteCases::large));
        cases.add(new Case("write/more-than-the-device-can-hold-is-4.13", WriteCases::tooLarge));
        cases.addAll(refusals());
        return cases;
    }

    private static List<Case> refusals() {
        return List.of(new Case("write/read-only-is-4.05",
                               d -> d.ask(new WriteRequest(3, 0, 0, "no"), ResponseCode.METHOD_NOT_ALLOWED)),
                new Case("write/executable-is-4.05",
                        d
                        -> d.expectRaw(put("/3303/0/5605", ContentFormat.TEXT_CODE, "no".getBytes()), 405,
                                "code of a write to an executable resource")),
                new Case("write/read-only-among-others-is-4.05-and-nothing-is-written", WriteCases::allOrNothing),
                new Case("write/missing-instance-is-4.04",
                        d -> d.ask(new WriteRequest(3303, 99, 5750, "no"), ResponseCode.NOT_FOUND)),
                new Case("write/missing-resource-is-4.04",
                        d -> d.ask(new WriteRequest(3303, 0, 9999, "no"), ResponseCode.NOT_FOUND)),
                new Case("write/unknown-format-is-4.15",
                        d
                        -> d.expectRaw(
                                put("/3303/0/5750", 65000, "no".getBytes()), 415, "code of a write in format 65000")),
                new Case("write/broken-tlv-is-4.00",
                        d
                        -> d.expectRaw(
                                put("/3303/0/5750", ContentFormat.TLV_CODE, new byte[] {(byte) 0xe8, 22, 118, 99, 65}),
                                400, "code of a write of a TLV that is longer than the payload")),
                new Case("write/text-that-is-no-number-is-4.00", d -> {
                    d.needs(Models.TEST_OBJECT);
                    d.expectRaw(put(TestDevice.path(INTEGER), ContentFormat.TEXT_CODE, "twelve".getBytes()), 400,
                            "code of a write of \"twelve\" to an integer");
                }));
    }

    static Request put(String path, int format, byte[] payload) {
        Request request = Request.newPut();
        CoapCases.setPath(request, path);
        request.getOptions().setContentFormat(format);
        request.setPayload(payload);
        return request;
    }

    private static void single(Device d, int id, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        for (Object value : List.of(TestDevice.OTHER_VALUES.get(id), TestDevice.VALUES.get(id))) {
            d.write(Mode.REPLACE, format, TestDevice.path(id), TestDevice.single(id, value));
            d.expectValue(TestDevice.path(id), value);
        }
    }

    private static void multiple(Device d, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        for (int id : TestDevice.VALUES.keySet()) {
            String path = TestDevice.path(id + TestDevice.MULTIPLE);
            d.replace(
                    path, TestDevice.multiple(id, Map.of(0, TestDevice.VALUES.get(id), 7, TestDevice.VALUES.get(id))));
            Map<Integer, Object> instances = Map.of(0, TestDevice.OTHER_VALUES.get(id), 300, TestDevice.VALUES.get(id));
            d.write(Mode.REPLACE, format, path, TestDevice.multiple(id, instances));
            Unmet.expectEqual(Set.of(path + "/0", path + "/300"), d.values(path).keySet(),
                    "instances of " + path + " after the replace");
            Unmet.expectEqual(Nodes.comparable(TestDevice.VALUES.get(id)), d.values(path).get(path + "/300"),
                    "value of " + path + "/300");
        }
    }

    private static void resourceInstance(Device d, ContentFormat format) throws InterruptedException {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(STRING, Map.of(0, "zero", 1, "one")));
        d.write(Mode.REPLACE, format, path + "/1", LwM2mResourceInstance.newStringInstance(1, "uno"));
        Unmet.expectEqual(Map.of(path + "/0", "zero", path + "/1", "uno"), d.values(path), "instances of " + path);
    }

    private static void updateInstance(Device d, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        Map<String, Object> expected = d.values(TestDevice.TEST);
        d.write(Mode.UPDATE, format, TestDevice.TEST,
                new LwM2mObjectInstance(0, LwM2mSingleResource.newStringResource(STRING, "updated"),
                        LwM2mSingleResource.newIntegerResource(INTEGER, 99)));
        expected.put(TestDevice.path(STRING), "updated");
        expected.put(TestDevice.path(INTEGER), 99L);
        Unmet.expectEqual(expected, d.values(TestDevice.TEST), "the instance after a partial update of two resources");
    }

    private static void replaceInstance(Device d, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        // An instance of its own: what a replacement leaves out is gone, and other cases read instance 0.
        d.ask(new CreateRequest(
                      3442, new LwM2mObjectInstance(9, LwM2mSingleResource.newStringResource(STRING, "to be gone"))),
                ResponseCode.CREATED);
        Map<String, Object> after;
        try {
            d.write(Mode.REPLACE, format, "/3442/9",
                    new LwM2mObjectInstance(9, LwM2mSingleResource.newIntegerResource(INTEGER, 77)));
            after = d.values("/3442/9");
        } finally {
            d.ask(new DeleteRequest("/3442/9"), ResponseCode.DELETED);
        }
        Unmet.expectEqual(77L, after.get("/3442/9/120"), "value of the replaced instance");
        Unmet.expect(!"to be gone".equals(after.get("/3442/9/110")),
                "a value that the replacement does not have is still there", after);
    }

    /** All single and multiple resources of object 3442 with a value. */
    static LwM2mObjectInstance everything() {
        List<LwM2mResource> resources = new ArrayList<>();
        TestDevice.VALUES.forEach((id, value) -> {
            resources.add(TestDevice.single(id, value));
            resources.add(TestDevice.multiple(id, Map.of(0, value)));
        });
        return new LwM2mObjectInstance(0, resources);
    }

    // 1.1 adds and changes instances; 1.0 replaces all of them (Core 1.1 6.3.3).
    private static void updateMultiple(Device d, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        d.needs11();
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(STRING, Map.of(0, "zero", 1, "one")));
        d.write(Mode.UPDATE, format, TestDevice.TEST,
                new LwM2mObjectInstance(0, TestDevice.multiple(STRING, Map.of(1, "uno", 2, "dos"))));
        Unmet.expectEqual(Map.of(path + "/0", "zero", path + "/1", "uno", path + "/2", "dos"), d.values(path),
                "instances of " + path);
    }

    // Leshan itself writes unsigned integers of 2^63 and more as negative numbers of TLV, so these are our own bytes.
    private static void mostAsTlv(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        byte[] tlv = {(byte) 0xc8, UNSIGNED, 8, -1, -1, -1, -1, -1, -1, -1, -1};
        d.expectRaw(put(TestDevice.path(UNSIGNED), ContentFormat.TLV_CODE, tlv), 204, "code of a write of 2^64-1");
        d.expectValue(TestDevice.path(UNSIGNED), MOST);
    }

    private static void updateMultiple10(Device d) throws InterruptedException {
        Skip.when(!d.version10(), "LwM2M 1.1 adds instances");
        d.needs(Models.TEST_OBJECT);
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(STRING, Map.of(0, "zero", 1, "one")));
        d.write(Mode.UPDATE, ContentFormat.TLV, TestDevice.TEST,
                new LwM2mObjectInstance(0, TestDevice.multiple(STRING, Map.of(1, "uno", 2, "dos"))));
        Unmet.expectEqual(Map.of(path + "/1", "uno", path + "/2", "dos"), d.values(path), "instances of " + path);
    }

    private static void allOrNothing(Device d) throws InterruptedException {
        Object before = d.value("/3/0/15");
        d.ask(new WriteRequest(Mode.UPDATE, 3, 0, LwM2mSingleResource.newStringResource(15, "Nowhere/None"),
                      LwM2mSingleResource.newStringResource(0, "not writable")),
                ResponseCode.METHOD_NOT_ALLOWED);
        d.expectValue("/3/0/15", before);
    }

    private static void large(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        String text = "0123456789abcdef".repeat(120); // of four blocks
        d.replace(TestDevice.path(STRING), LwM2mSingleResource.newStringResource(STRING, text));
        d.expectValue(TestDevice.path(STRING), text);
        d.replace(TestDevice.path(STRING), LwM2mSingleResource.newStringResource(STRING, "small"));
        d.expectValue(TestDevice.path(STRING), "small");
    }

    // A device of the simulator holds values of 2 KiB.
    private static void tooLarge(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        Skip.when(d.promises(ContentFormat.LINK), "Leshan's own client has no such limit");
        Object before = d.value(TestDevice.path(STRING));
        String text = "0123456789abcdef".repeat(200);
        d.ask(new WriteRequest(3442, 0, STRING, text), ResponseCode.REQUEST_ENTITY_TOO_LARGE);
        d.expectValue(TestDevice.path(STRING), before);
    }
}
