package lwm2msim.interop.selftest;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Op;

/** Counts what one device answered and notified, from its CoAP messages; the counting of the judge's other side. */
final class WireTally implements MessageInterceptor {
    private static final int LINK_FORMAT = 40;

    private final Counts counts;
    private final Map<Token, Op> open = new ConcurrentHashMap<>();
    private final Set<Integer> asked = ConcurrentHashMap.newKeySet();
    private final Set<Integer> notified = ConcurrentHashMap.newKeySet();

    WireTally(Counts counts) {
        this.counts = counts;
    }

    @Override
    public void receiveRequest(Request request) {
        if (asked.add(request.getMID())) { // a repeated request gets the answer that was counted already
            open.put(request.getToken(), operation(request));
        }
    }

    @Override
    public void sendResponse(Response response) {
        Op op = open.remove(response.getToken());
        if (op != null) {
            counts.add("answer " + op.name + " " + response.getCode());
        } else if (response.getType() != CoAP.Type.ACK && notified.add(response.getMID())) {
            counts.add("notify");
        }
    }

    private static Op operation(Request request) {
        int depth = request.getOptions().getUriPath().size();
        boolean composite = depth == 0;
        return switch (request.getCode()) {
        case GET, FETCH -> {
            Integer observe = request.getOptions().getObserve();
            if (observe != null && observe == 0) {
                yield composite ? Op.OBSERVE_COMPOSITE : Op.OBSERVE;
            } else if (observe != null) {
                yield composite ? Op.CANCEL_OBSERVE_COMPOSITE : Op.CANCEL_OBSERVE;
            } else if (request.getOptions().getAccept() == LINK_FORMAT) {
                yield Op.DISCOVER;
            }
            yield composite ? Op.READ_COMPOSITE : Op.READ;
        }
        case PUT -> request.getOptions().hasContentFormat() ? Op.WRITE : Op.WRITE_ATTRIBUTES;
        case POST -> depth == 1 ? Op.CREATE : depth == 2 ? Op.WRITE : Op.EXECUTE;
        case DELETE -> Op.DELETE;
        default -> Op.WRITE_COMPOSITE;
        };
    }
}
