package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.response.CreateResponse;

import lwm2msim.interop.Models;
import lwm2msim.interop.Unmet;

/** Create and Delete (Core 6.3.6, 6.3.7), and the Update that tells the new object list. */
final class InstanceCases {
    private InstanceCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (ContentFormat format : TestDevice.TREE_FORMATS) {
            cases.add(new Case("create/with-id-as-" + format.getName(), d -> createAndDelete(d, format)));
        }
        cases.add(new Case("create/without-id-tells-the-location", InstanceCases::createWithoutId));
        cases.add(new Case("create/existing-id-is-4.00", d -> {
            d.needs(Models.TEST_OBJECT);
            d.ask(new CreateRequest(3442, instance(0)), ResponseCode.BAD_REQUEST);
        }));
        cases.add(new Case("create/missing-object-is-4.04",
                d -> d.ask(new CreateRequest(3304, new LwM2mObjectInstance(1)), ResponseCode.NOT_FOUND)));
        cases.add(new Case("create/is-told-in-an-update", InstanceCases::toldInUpdate));
        cases.add(
                new Case("delete/missing-is-4.04", d -> d.ask(new DeleteRequest("/3303/99"), ResponseCode.NOT_FOUND)));
        cases.add(new Case("delete/device-object-is-4.05",
                d -> d.ask(new DeleteRequest("/3/0"), ResponseCode.METHOD_NOT_ALLOWED)));
        return cases;
    }

    private static LwM2mObjectInstance instance(int id) {
        return new LwM2mObjectInstance(id, LwM2mSingleResource.newStringResource(110, "created"),
                LwM2mSingleResource.newIntegerResource(120, 12));
    }

    private static void createAndDelete(Device d, ContentFormat format) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        CreateResponse answer = d.ask(new CreateRequest(format, 3442, instance(7)));
        d.skipUnlessPromised(format, answer, ResponseCode.UNSUPPORTED_CONTENT_FORMAT);
        Unmet.expectEqual(ResponseCode.CREATED, answer.getCode(), "code of the answer to Create");
        try {
            d.expectValue("/3442/7/110", "created");
            d.expectValue("/3442/7/120", 12L);
        } finally {
            d.ask(new DeleteRequest("/3442/7"), ResponseCode.DELETED);
        }
        d.ask(new ReadRequest("/3442/7"), ResponseCode.NOT_FOUND);
    }

    private static void createWithoutId(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        CreateResponse answer =
                d.ask(new CreateRequest(3442, LwM2mSingleResource.newStringResource(110, "by the device's choice")),
                        ResponseCode.CREATED);
        String location = answer.getLocation();
        Unmet.expect(location != null && location.matches("/?3442/\\d+"), "no location of the new instance", location);
        String path = location.startsWith("/") ? location : "/" + location;
        d.expectValue(path + "/110", "by the device's choice");
        d.ask(new DeleteRequest(path), ResponseCode.DELETED);
    }

    private static void toldInUpdate(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        int before = d.member().updates();
        d.ask(new CreateRequest(3442, instance(8)), ResponseCode.CREATED);
        RegistrationCases.awaitUpdate(d.member(), before);
        boolean created = lists(d, "/3442/8");
        before = d.member().updates();
        d.ask(new DeleteRequest("/3442/8"), ResponseCode.DELETED);
        RegistrationCases.awaitUpdate(d.member(), before);
        Unmet.expect(created, "the object list lacks the created instance", "/3442/8");
        Unmet.expect(!lists(d, "/3442/8"), "the object list still has the deleted instance", "/3442/8");
        Unmet.expect(lists(d, "/3/0"), "the object list of an Update is not complete", "/3/0");
    }

    private static boolean lists(Device d, String path) {
        return Arrays.stream(d.member().registration().getObjectLinks())
                .anyMatch(l -> l.getUriReference().equals(path));
    }
}
