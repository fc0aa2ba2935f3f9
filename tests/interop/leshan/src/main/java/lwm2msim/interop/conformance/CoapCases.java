package lwm2msim.interop.conformance;

import java.util.List;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.coap.option.OpaqueOption;

import lwm2msim.interop.Models;
import lwm2msim.interop.Unmet;

/** CoAP below LwM2M: options, methods and messages that a device must not stumble over (RFC 7252, 7959). */
final class CoapCases {
    private CoapCases() {}

    static List<Case> all() {
        return List.of(new Case("coap/ping-is-answered-by-reset", CoapCases::ping),
                new Case("coap/unknown-critical-option-is-4.02", CoapCases::criticalOption),
                new Case("coap/unknown-elective-option-is-ignored", CoapCases::electiveOption),
                new Case("coap/path-that-is-no-number-is-4.04",
                        d -> d.expectRaw(get("/no-number"), 404, "code of GET /no-number")),
                new Case("coap/fetch-of-a-resource-is-4.05", d -> {
                    Request request = Request.newFetch();
                    setPath(request, "/3/0/0");
                    request.getOptions().setContentFormat(112);
                    request.setPayload(new byte[] {(byte) 0x80});
                    d.expectRaw(request, 405, "code of FETCH /3/0/0");
                }), new Case("coap/read-in-blocks-of-16", CoapCases::smallBlocks));
    }

    static Request get(String path) {
        Request request = Request.newGet();
        setPath(request, path);
        return request;
    }

    static void setPath(Request request, String path) {
        for (String segment : path.substring(1).split("/")) {
            if (!segment.isEmpty()) {
                request.getOptions().addUriPath(segment);
            }
        }
    }

    private static void ping(Device d) throws InterruptedException {
        Request request = Request.newPing();
        request.setToken(Token.EMPTY);
        d.raw(request);
        Unmet.expect(request.isRejected(), "no Reset to an empty Confirmable message", "RFC 7252 4.3");
    }

    private static void criticalOption(Device d) throws InterruptedException {
        Request request = get("/3/0/0");
        request.getOptions().addOtherOption(unknown(65001));
        d.expectRaw(request, 402, "code of a GET with critical option 65001");
    }

    private static void electiveOption(Device d) throws InterruptedException {
        Request request = get("/3/0/0");
        request.getOptions().addOtherOption(unknown(65000));
        d.expectRaw(request, 205, "code of a GET with elective option 65000");
    }

    private static OpaqueOption unknown(int number) {
        return new OpaqueOption(new OpaqueOption.Definition(number, "Test-" + number), new byte[] {1});
    }

    private static void smallBlocks(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        byte[] whole = d.raw(get(TestDevice.TEST)).getPayload();
        Request request = get(TestDevice.TEST);
        request.getOptions().setBlock2(0, false, 0);
        var answer = d.raw(request);
        Unmet.expect(answer != null && answer.getCode() == CoAP.ResponseCode.CONTENT, "no content", answer);
        Unmet.expectEqual(whole.length, answer.getPayloadSize(), "size of the instance, put together");
        Unmet.expect(java.util.Arrays.equals(whole, answer.getPayload()), "the instance, put together", "differs");
    }
}
