package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.response.ReadResponse;

import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Read at every level in every format (Core 6.3.1, 7.4): always the same values. And what must be refused. */
final class ReadCases {
    private ReadCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (ContentFormat format : TestDevice.TREE_FORMATS) {
            cases.add(new Case("read/object-as-" + format.getName(), d -> same(d, "/3442", format)));
            cases.add(new Case("read/instance-as-" + format.getName(), d -> same(d, TestDevice.TEST, format)));
            cases.add(new Case("read/device-as-" + format.getName(), d -> deviceAs(d, format)));
            for (int id : TestDevice.VALUES.keySet()) {
                String type = TestDevice.type(id).name();
                cases.add(new Case(
                        "read/" + type + "-as-" + format.getName(), d -> same(d, TestDevice.path(id), format)));
                cases.add(new Case("read/multiple-" + type + "-as-" + format.getName(),
                        d -> same(d, TestDevice.path(id + TestDevice.MULTIPLE), format)));
            }
            cases.add(new Case("read/resource-instance-as-" + format.getName(), d -> {
                d.needs11();
                same(d, TestDevice.path(1110) + "/0", format);
            }));
        }
        for (int id : TestDevice.VALUES.keySet()) {
            for (ContentFormat format : List.of(ContentFormat.TEXT, ContentFormat.CBOR)) {
                cases.add(new Case("read/" + TestDevice.type(id) + "-as-" + format.getName(),
                        d -> same(d, TestDevice.path(id), format)));
            }
        }
        cases.add(new Case("read/OPAQUE-as-OPAQUE", d -> same(d, TestDevice.path(150), ContentFormat.OPAQUE)));
        cases.addAll(refusals());
        return cases;
    }

    private static List<Case> refusals() {
        return List.of(
                new Case("read/unknown-accept-is-4.06",
                        d -> d.ask(new ReadRequest(new ContentFormat(65000), "/3/0/0"), ResponseCode.NOT_ACCEPTABLE)),
                new Case("read/text-of-an-instance-is-4.06",
                        d -> d.ask(new ReadRequest(ContentFormat.TEXT, "/3/0"), ResponseCode.NOT_ACCEPTABLE)),
                new Case("read/text-of-a-multiple-resource-is-4.06",
                        d -> d.ask(new ReadRequest(ContentFormat.TEXT, "/3/0/11"), ResponseCode.NOT_ACCEPTABLE)),
                new Case("read/missing-resource-is-4.04",
                        d -> d.ask(new ReadRequest("/3/0/9999"), ResponseCode.NOT_FOUND)),
                new Case("read/missing-instance-is-4.04",
                        d -> d.ask(new ReadRequest("/3303/99"), ResponseCode.NOT_FOUND)),
                new Case("read/missing-object-is-4.04", d -> d.ask(new ReadRequest("/3304"), ResponseCode.NOT_FOUND)),
                new Case("read/missing-resource-instance-is-4.04",
                        d -> {
                            d.needs11();
                            d.needs(Models.TEST_OBJECT);
                            d.ask(new ReadRequest(TestDevice.path(1110) + "/999"), ResponseCode.NOT_FOUND);
                        }),
                new Case("read/executable-is-4.05",
                        d -> d.ask(new ReadRequest("/3303/0/5605"), ResponseCode.METHOD_NOT_ALLOWED)),
                new Case("read/security-object-is-hidden", ReadCases::securityIsHidden));
    }

    private static void same(Device d, String path, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        Map<String, Object> expected = d.values(path);
        Unmet.expect(!expected.isEmpty(), "nothing there to compare", path);
        Unmet.expectEqual(expected, Nodes.flatten(path, d.read(path, format).getContent()), "values of " + path);
    }

    private static void deviceAs(Device d, ContentFormat format) throws InterruptedException {
        Map<String, Object> values = Nodes.flatten("/3/0", d.read("/3/0", format).getContent());
        Unmet.expectEqual("lwm2m-sim", values.get("/3/0/0"), "value of /3/0/0");
        Unmet.expectEqual("interop-1", values.get("/3/0/1"), "value of /3/0/1");
        Unmet.expectEqual(0L, values.get("/3/0/11/0"), "value of /3/0/11/0");
    }

    // 1.1 says 4.01 (Core 6.3.1 with 8.2); a device that hides the object altogether does no harm.
    private static void securityIsHidden(Device d) throws InterruptedException {
        ReadResponse answer = d.ask(new ReadRequest("/0"));
        boolean hidden =
                answer.getCode().equals(ResponseCode.UNAUTHORIZED) || answer.getCode().equals(ResponseCode.NOT_FOUND);
        Unmet.expect(hidden, "the security object can be read", answer);
    }
}
