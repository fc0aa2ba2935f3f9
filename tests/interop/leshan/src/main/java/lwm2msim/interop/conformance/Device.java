package lwm2msim.interop.conformance;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttribute;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;

import lwm2msim.interop.Downlink;
import lwm2msim.interop.LeshanPeer;
import lwm2msim.interop.Member;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;
import lwm2msim.interop.WireCounts;

/** One device, asked one thing after the other. Whatever it answers other than expected is Unmet. */
final class Device {
    private static final long ANSWER_SECONDS = 60;

    private final Member member;
    private final LeshanServer server;
    private final CoapEndpoint endpoint;
    private final WireCounts wire;
    private final Downlink downlink;
    private final Inbox inbox;
    private final Set<ContentFormat> promised;

    /** A format that is not promised may be refused; the case is skipped then. */
    Device(Member member, LeshanPeer peer, Downlink downlink, Inbox inbox, Set<ContentFormat> promised) {
        this.member = member;
        this.promised = promised;
        this.server = peer.server();
        this.endpoint = peer.endpoint();
        this.wire = peer.wire();
        this.downlink = downlink;
        this.inbox = inbox;
    }

    Member member() {
        return member;
    }

    LeshanServer server() {
        return server;
    }

    Inbox inbox() {
        return inbox;
    }

    boolean has(int object) {
        return member.registration().getSupportedObject().containsKey(object);
    }

    boolean version10() {
        return member.registration().getLwM2mVersion().toString().equals("1.0");
    }

    void needs(int object) {
        Skip.when(!has(object), "the device has no object " + object);
    }

    boolean promises(ContentFormat format) {
        return promised.contains(format);
    }

    /** What the profile lists under `formats:`; anything else has to be refused. */
    Set<ContentFormat> promised() {
        return promised;
    }

    void needs11() {
        Skip.when(version10(), "LwM2M 1.0 does not have it");
    }

    <T extends LwM2mResponse> T ask(DownlinkDeviceManagementRequest<T> request) throws InterruptedException {
        try {
            return downlink.ask(member, request).get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new Unmet("no answer", request.toString());
        }
    }

    <T extends LwM2mResponse> T ask(DownlinkDeviceManagementRequest<T> request, ResponseCode expected)
            throws InterruptedException {
        T answer = ask(request);
        Unmet.expect(answer.getCode().equals(expected),
                "answered " + Downlink.dotted(answer.getCode()) + " instead of " + Downlink.dotted(expected),
                request + (answer.getErrorMessage() == null ? "" : " " + answer.getErrorMessage()));
        return answer;
    }

    /** Without Accept: the device chooses the format. */
    ReadResponse read(String path) throws InterruptedException {
        return ask(new ReadRequest(path), ResponseCode.CONTENT);
    }

    /** A device that has not got the format says 4.06, which skips unless the profile promises it. */
    ReadResponse read(String path, ContentFormat format) throws InterruptedException {
        ReadResponse answer = ask(new ReadRequest(format, path));
        skipUnlessPromised(format, answer, ResponseCode.NOT_ACCEPTABLE);
        Unmet.expectEqual(ResponseCode.CONTENT, answer.getCode(), "code of the answer to a read of " + path);
        Unmet.expectEqual(format.getCode(), Nodes.contentFormat(answer), "format of the answer");
        return answer;
    }

    void skipUnlessPromised(ContentFormat format, LwM2mResponse answer, ResponseCode refusal) {
        Skip.when(!promised.contains(format) && answer.getCode().equals(refusal),
                "the profile does not promise " + format + ", the device says " + Downlink.dotted(refusal));
    }

    Map<String, Object> values(String path) throws InterruptedException {
        return Nodes.flatten(path, read(path).getContent());
    }

    Object value(String path) throws InterruptedException {
        return Nodes.single(read(path).getContent());
    }

    void expectValue(String path, Object expected) throws InterruptedException {
        Unmet.expectEqual(Nodes.comparable(expected), value(path), "value of " + path);
    }

    void write(Mode mode, ContentFormat format, String path, LwM2mNode node) throws InterruptedException {
        LwM2mResponse answer = ask(new WriteRequest(mode, format, path, node));
        skipUnlessPromised(format, answer, ResponseCode.UNSUPPORTED_CONTENT_FORMAT);
        Unmet.expect(answer.getCode().equals(ResponseCode.CHANGED),
                "write answered " + Downlink.dotted(answer.getCode()),
                path + " " + format + (answer.getErrorMessage() == null ? "" : " " + answer.getErrorMessage()));
    }

    void replace(String path, LwM2mResource resource) throws InterruptedException {
        write(Mode.REPLACE, ContentFormat.TLV, path, resource);
    }

    void execute(String path, String arguments) throws InterruptedException {
        ask(arguments == null ? new ExecuteRequest(path) : new ExecuteRequest(path, arguments), ResponseCode.CHANGED);
    }

    void attributes(String path, LwM2mAttribute<?>... attributes) throws InterruptedException {
        ask(new WriteAttributesRequest(path, new LwM2mAttributeSet(attributes)), ResponseCode.CHANGED);
    }

    void attributes(String path, Collection<LwM2mAttribute<?>> attributes) throws InterruptedException {
        ask(new WriteAttributesRequest(path, new LwM2mAttributeSet(attributes)), ResponseCode.CHANGED);
    }

    /** The observation that has begun; its first value is read over. */
    SingleObservation observe(String path) throws InterruptedException {
        return observe(new ObserveRequest(path)).getObservation();
    }

    ObserveResponse observe(ObserveRequest request) throws InterruptedException {
        ObserveResponse answer = ask(request);
        skipUnlessPromised(request.getContentFormat() == null ? ContentFormat.TLV : request.getContentFormat(), answer,
                ResponseCode.NOT_ACCEPTABLE);
        Unmet.expectEqual(ResponseCode.CONTENT, answer.getCode(), "code of the answer to Observe");
        Unmet.expect(answer.getObservation() != null, "the answer to Observe has no Observe option", request);
        return answer;
    }

    void cancel(SingleObservation observation) throws InterruptedException {
        ask(new CancelObservationRequest(observation), ResponseCode.CONTENT);
        forget(observation);
    }

    /** The server forgets; the device learns it by the Reset to its next notification. */
    void forget(Observation observation) {
        server.getObservationService().cancelObservation(observation);
    }

    /** Notifications of this device that reached the server's endpoint, of all its observations, wanted or not. */
    long notificationsOnTheWire() {
        return wire.notificationsOf(member.registration().getSocketAddress());
    }

    Object next(SingleObservation observation, long withinMs) throws InterruptedException {
        return Nodes.single(inbox.next(observation, withinMs).single().getContent());
    }

    /** A request that Leshan would not make, from the server's own address; null when there is no answer. */
    Response raw(Request request) throws InterruptedException {
        request.setDestinationContext(new AddressEndpointContext(member.registration().getSocketAddress()));
        endpoint.sendRequest(request);
        return request.waitForResponse(TimeUnit.SECONDS.toMillis(10));
    }

    void expectRaw(Request request, int expectedCode, String what) throws InterruptedException {
        Response response = raw(request);
        Unmet.expect(response != null, "no answer", what);
        int code = response.getCode().codeClass * 100 + response.getCode().codeDetail;
        Unmet.expectEqual(expectedCode, code, what);
    }
}
