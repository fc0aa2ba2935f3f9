package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.request.ContentFormat;

import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Send of 1.1 (Core 6.4.6), which object 3442 can be told to do, and Mute Send. */
final class SendCases {
    private static final int PATHS = 6;
    private static final int SEND = 5;
    private static final String MUTE_SEND = "/1/0/23";

    private SendCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        for (ContentFormat format : List.of(ContentFormat.SENML_CBOR, ContentFormat.SENML_JSON)) {
            cases.add(new Case("send/values-as-" + format.getName(), d -> send(d, format)));
        }
        cases.add(new Case("send/mute", SendCases::mute));
        return cases;
    }

    private static void needs(Device d) {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
    }

    private static void trigger(Device d, ContentFormat format) throws InterruptedException {
        d.replace(TestDevice.path(PATHS),
                LwM2mMultipleResource.newResource(
                        PATHS, Map.of(0, "/3303/0/5701", 1, TestDevice.path(110)), Type.STRING));
        d.inbox().forgetSends(d.member().endpoint());
        d.execute(TestDevice.path(SEND), "0='" + format.getCode() + "'");
    }

    private static void send(Device d, ContentFormat format) throws InterruptedException {
        needs(d);
        Skip.when(!d.promises(format), "the profile does not promise " + format);
        ObserveCases.writeString(d, "to be sent");
        trigger(d, format);
        TimestampedLwM2mNodes data = d.inbox().nextSend(d.member().endpoint(), 5000);
        Map<String, Object> values = new TreeMap<>();
        data.getMostRecentNodes().forEach((path, node) -> values.putAll(Nodes.flatten(path.toString(), node)));
        Unmet.expectEqual(Map.of("/3303/0/5701", "Cel", TestDevice.path(110), "to be sent"), values, "sent values");
    }

    private static void mute(Device d) throws InterruptedException {
        needs(d);
        Skip.when(!d.values("/1/0").containsKey(MUTE_SEND), "the device has no " + MUTE_SEND);
        d.replace(MUTE_SEND, LwM2mSingleResource.newBooleanResource(23, true));
        try {
            trigger(d, ContentFormat.SENML_CBOR);
            Unmet.expect(d.inbox().noSend(d.member().endpoint(), 3000), "a muted device sends", MUTE_SEND);
        } finally {
            d.replace(MUTE_SEND, LwM2mSingleResource.newBooleanResource(23, false));
        }
    }
}
