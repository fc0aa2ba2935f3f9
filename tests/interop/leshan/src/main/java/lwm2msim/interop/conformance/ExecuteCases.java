package lwm2msim.interop.conformance;

import java.util.List;
import java.util.Map;

import org.eclipse.californium.core.coap.Request;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.ExecuteRequest;

import lwm2msim.interop.Models;
import lwm2msim.interop.Unmet;

/** Execute with and without arguments (Core 6.3.5), and what object 3442 does when it is executed. */
final class ExecuteCases {
    private ExecuteCases() {}

    static List<Case> all() {
        return List.of(new Case("execute/without-arguments", d -> d.execute("/3303/0/5605", null)),
                new Case("execute/with-every-digit", ExecuteCases::everyDigit),
                new Case("execute/with-arguments", ExecuteCases::arguments),
                new Case("execute/bad-arguments-is-4.00", ExecuteCases::badArguments),
                new Case("execute/not-executable-is-4.05",
                        d -> d.ask(new ExecuteRequest("/3/0/0"), ResponseCode.METHOD_NOT_ALLOWED)),
                new Case("execute/missing-resource-is-4.04",
                        d -> d.ask(new ExecuteRequest("/3303/0/9999"), ResponseCode.NOT_FOUND)),
                new Case("execute/missing-instance-is-4.04",
                        d -> d.ask(new ExecuteRequest("/3303/99/5605"), ResponseCode.NOT_FOUND)),
                new Case("test-object/clear-values", ExecuteCases::clear),
                new Case("test-object/reset-values", ExecuteCases::reset),
                new Case("test-object/randomize-values", ExecuteCases::randomize));
    }

    // The object may hold values and do nothing; what Execute itself must do is asked of object 3303 then.
    private static void needsBehaviour(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        d.replace(TestDevice.path(120), LwM2mSingleResource.newIntegerResource(120, 5));
        d.execute(TestDevice.path(0), null);
        Skip.when(d.value(TestDevice.path(120)).equals(5L), "object 3442 of the device only holds values");
    }

    private static void everyDigit(Device d) throws InterruptedException {
        d.execute("/3303/0/5605", "0,1='one',2='',3,4,5,6,7,8,9='nine'");
    }

    private static void arguments(Device d) throws InterruptedException {
        needsBehaviour(d);
        d.execute(TestDevice.path(3), "0='first',3,7='last'");
        String list = TestDevice.path(4);
        Unmet.expectEqual(Map.of(list + "/0", "first", list + "/3", "", list + "/7", "last"), d.values(list),
                "arguments as the device understood them");
    }

    private static void badArguments(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        Request request = Request.newPost();
        CoapCases.setPath(request, TestDevice.path(3));
        request.getOptions().setContentFormat(0);
        request.setPayload("x='no digit'");
        d.expectRaw(request, 400, "code of an Execute with a letter for a digit");
    }

    private static void clear(Device d) throws InterruptedException {
        needsBehaviour(d);
        d.execute(TestDevice.path(2), null);
        Map<String, Object> values = d.values(TestDevice.TEST);
        d.execute(TestDevice.path(0), null);
        Unmet.expectEqual("", values.get(TestDevice.path(110)), "cleared string");
        Unmet.expectEqual(0L, values.get(TestDevice.path(120)), "cleared integer");
        Unmet.expectEqual(0.0, values.get(TestDevice.path(130)), "cleared float");
        Unmet.expectEqual(false, values.get(TestDevice.path(140)), "cleared boolean");
        boolean empty = values.keySet().stream().noneMatch(path -> path.startsWith(TestDevice.path(1110) + "/"));
        Unmet.expect(empty, "a cleared multiple resource still has instances", values);
    }

    private static void reset(Device d) throws InterruptedException {
        needsBehaviour(d);
        d.replace(TestDevice.path(120), LwM2mSingleResource.newIntegerResource(120, 5));
        d.execute(TestDevice.path(0), null);
        d.expectValue(TestDevice.path(110), "initial value");
        d.expectValue(TestDevice.path(120), 1024L);
        d.expectValue(TestDevice.path(130), 3.14159);
        d.expectValue(TestDevice.path(140), true);
    }

    private static void randomize(Device d) throws InterruptedException {
        needsBehaviour(d);
        d.execute(TestDevice.path(0), null);
        Map<String, Object> before = d.values(TestDevice.TEST);
        d.execute(TestDevice.path(1), null);
        Map<String, Object> after = d.values(TestDevice.TEST);
        d.execute(TestDevice.path(0), null);
        Unmet.expect(!before.get(TestDevice.path(120)).equals(after.get(TestDevice.path(120))),
                "the integer is not random", after.get(TestDevice.path(120)));
    }
}
