package lwm2msim.interop.conformance;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.leshan.core.request.ContentFormat;

import lwm2msim.interop.Models;

/**
 * Requests that are wrong, and the code for each (Transport 6.7): sent from the server's own address, since Leshan would
 * not make most of them. Afterwards the device is as it was.
 */
final class RefusalCases {
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int NOT_ACCEPTABLE = 406;
    private static final int UNSUPPORTED_FORMAT = 415;

    /** What the specifications' wording asks for, one line a rule. */
    private record Wrong(String name, int code, CoAP.Code method, String path, List<String> queries, Integer format,
            byte[] payload) {}

    private RefusalCases() {}

    static List<Case> all() {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("refuse/read-in-a-format-that-is-not-the-devices-is-4.06", RefusalCases::accepts));
        cases.add(new Case("refuse/write-in-a-format-that-is-not-the-devices-is-4.15", RefusalCases::formats));
        for (Wrong wrong : wrongs()) {
            cases.add(new Case("refuse/" + wrong.name() + "-is-" + dotted(wrong.code()), d -> {
                d.needs(Models.TEST_OBJECT);
                d.expectRaw(request(wrong), wrong.code(), "code of " + wrong.method() + " " + wrong.path());
            }));
        }
        cases.add(new Case("refuse/composites-of-1.0-are-4.05", RefusalCases::composites10));
        for (Wrong wrong : composites()) {
            cases.add(new Case("refuse/" + wrong.name() + "-is-" + dotted(wrong.code()), d -> {
                d.needs11();
                d.expectRaw(request(wrong), wrong.code(), "code of " + wrong.method());
            }));
        }
        return cases;
    }

    private static List<Wrong> wrongs() {
        CoAP.Code get = CoAP.Code.GET, put = CoAP.Code.PUT, post = CoAP.Code.POST, delete = CoAP.Code.DELETE;
        int tlv = ContentFormat.TLV_CODE, text = ContentFormat.TEXT_CODE, json = ContentFormat.JSON_CODE;
        return List.of(with("read-of-the-security-object", UNAUTHORIZED, get, "/0"),
                with("write-to-the-security-object", UNAUTHORIZED, put, "/0/0/0", text, "coap://here"),
                with("write-to-an-object", NOT_ALLOWED, put, "/3442", tlv, ""),
                with("write-to-an-object-that-is-not-there", NOT_FOUND, put, "/3304/0/5750", text, "x"),
                with("write-without-format", UNSUPPORTED_FORMAT, put, "/3442/0/110", null, "x"),
                with("write-of-nothing", BAD_REQUEST, put, "/3442/0/110"),
                with("write-of-a-word-to-a-boolean", BAD_REQUEST, put, "/3442/0/140", text, "yes"),
                with("write-of-a-number-out-of-range", BAD_REQUEST, put, "/3442/0/120", text, "9223372036854775808"),
                with("write-of-a-negative-unsigned-integer", BAD_REQUEST, put, "/3442/0/125", text, "-1"),
                with("write-of-a-link-to-nothing", BAD_REQUEST, put, "/3442/0/170", text, "9999:0"),
                with("write-of-a-long-tlv-boolean", BAD_REQUEST, put, "/3442/0/140", tlv, "\u00e2\u008c\0\1"),
                with("write-of-json-that-does-not-end", BAD_REQUEST, put, "/3442/0", json, "{\"bn\":\"/3442/0/\",\"e\":["),
                with("write-of-a-text-tree", BAD_REQUEST, put, "/3442/0", text, "x"),
                with("execute-of-an-instance-without-format", UNSUPPORTED_FORMAT, post, "/3442/0", null, "x"),
                with("execute-in-another-format", UNSUPPORTED_FORMAT, post, "/3303/0/5605", json, "0"),
                with("execute-with-an-open-quote", BAD_REQUEST, post, "/3303/0/5605", text, "0='x"),
                with("execute-with-a-digit-twice", BAD_REQUEST, post, "/3303/0/5605", text, "1,1='x'"),
                with("execute-with-two-digits", BAD_REQUEST, post, "/3303/0/5605", text, "10"),
                with("create-of-a-second-device", NOT_ALLOWED, post, "/3", tlv, ""),
                with("create-without-format", UNSUPPORTED_FORMAT, post, "/3442", null, "x"),
                with("create-in-plain-text", BAD_REQUEST, post, "/3442", text, "x"),
                with("delete-of-an-object", NOT_ALLOWED, delete, "/3442"),
                with("delete-of-a-resource", NOT_ALLOWED, delete, "/3303/0/5750"),
                with("delete-of-everything", NOT_ALLOWED, delete, "/"),
                with("delete-of-the-last-server", NOT_ALLOWED, delete, "/1/0"),
                asks("an-attribute-that-is-not-one", "/3442/0/130", "period=1"),
                asks("an-attribute-that-is-no-number", "/3442/0/130", "pmin=soon"),
                asks("an-attribute-of-1.2", "/3442/0/140", "edge=1"),
                asks("gt-of-a-string", "/3442/0/110", "gt=1"),
                asks("lt-and-gt-too-near-for-st", "/3442/0/130", "lt=10", "gt=20", "st=5"),
                with("id-above-65535", BAD_REQUEST, get, "/65536"), with("id-65535", BAD_REQUEST, get, "/3/65535"),
                with("path-of-five", BAD_REQUEST, get, "/3442/0/1110/0/0"),
                with("discover-of-what-is-not-there", NOT_FOUND, get, "/3304"));
    }

    private static List<Wrong> composites() {
        CoAP.Code fetch = CoAP.Code.FETCH, patch = CoAP.Code.IPATCH;
        int tlv = ContentFormat.TLV_CODE, cbor = ContentFormat.SENML_CBOR_CODE, json = ContentFormat.SENML_JSON_CODE;
        return List.of(with("composite-read-of-tlv", UNSUPPORTED_FORMAT, fetch, "/", tlv, "x"),
                with("composite-read-of-broken-cbor", BAD_REQUEST, fetch, "/", cbor, "\u0081\u00a1"),
                with("composite-read-of-broken-json", BAD_REQUEST, fetch, "/", json, "[{\"n\":"),
                with("composite-write-of-tlv", UNSUPPORTED_FORMAT, patch, "/", tlv, "x"),
                with("composite-write-of-broken-cbor", BAD_REQUEST, patch, "/", cbor, "\u0081"),
                with("composite-write-of-a-read-only-value", NOT_ALLOWED, patch, "/", json,
                        "[{\"n\":\"/3442/0/110\",\"vs\":\"must not stay\"},{\"n\":\"/3/0/0\",\"vs\":\"x\"}]"),
                with("composite-write-of-what-is-not-there", NOT_FOUND, patch, "/", json,
                        "[{\"n\":\"/3304/0/5750\",\"vs\":\"x\"}]"),
                with("composite-write-to-a-resource", NOT_ALLOWED, patch, "/3442/0/110", json,
                        "[{\"n\":\"/3442/0/110\",\"vs\":\"x\"}]"));
    }

    private static Wrong with(String name, int code, CoAP.Code method, String path) {
        return new Wrong(name, code, method, path, List.of(), null, null);
    }

    private static Wrong with(
            String name, int code, CoAP.Code method, String path, Integer format, String payload) {
        return new Wrong(
                name, code, method, path, List.of(), format, payload.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Wrong asks(String name, String path, String... queries) {
        return new Wrong(name, BAD_REQUEST, CoAP.Code.PUT, path, List.of(queries), null, null);
    }

    private static Request request(Wrong wrong) {
        Request request = new Request(wrong.method());
        CoapCases.setPath(request, wrong.path());
        wrong.queries().forEach(request.getOptions()::addUriQuery);
        if (wrong.format() != null) {
            request.getOptions().setContentFormat(wrong.format());
        }
        if (wrong.payload() != null) {
            request.setPayload(wrong.payload());
        }
        return request;
    }

    private static String dotted(int code) {
        return code / 100 + "." + String.format("%02d", code % 100);
    }

    private static List<ContentFormat> others(Device d) {
        List<ContentFormat> others = new ArrayList<>();
        for (ContentFormat format : List.of(ContentFormat.TLV, ContentFormat.JSON, ContentFormat.SENML_JSON,
                     ContentFormat.SENML_CBOR, ContentFormat.CBOR, new ContentFormat(11544), new ContentFormat(65000))) {
            if (!d.promises(format)) {
                others.add(format);
            }
        }
        return others;
    }

    private static void accepts(Device d) throws InterruptedException {
        for (ContentFormat format : others(d)) {
            Request request = CoapCases.get("/3/0/0");
            request.getOptions().setAccept(format.getCode());
            d.expectRaw(request, NOT_ACCEPTABLE, "code of a read with Accept " + format);
        }
    }

    private static void formats(Device d) throws InterruptedException {
        for (ContentFormat format : others(d)) {
            Request request = WriteCases.put("/3303/0/5750", format.getCode(), "x".getBytes());
            d.expectRaw(request, UNSUPPORTED_FORMAT, "code of a write in " + format);
        }
    }

    private static void composites10(Device d) throws InterruptedException {
        Skip.when(!d.version10(), "LwM2M 1.1 has them");
        for (CoAP.Code method : List.of(CoAP.Code.FETCH, CoAP.Code.IPATCH)) {
            Wrong wrong = with("", NOT_ALLOWED, method, "/", ContentFormat.SENML_CBOR_CODE, "\u0080");
            d.expectRaw(request(wrong), NOT_ALLOWED, "code of " + method + " to a device of 1.0");
        }
    }
}
