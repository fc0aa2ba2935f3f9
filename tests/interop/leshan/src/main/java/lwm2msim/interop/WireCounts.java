package lwm2msim.interop;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;

/**
 * CoAP messages that reached the server's endpoint, before Leshan judged them: a notification that comes while its
 * device de-registers is one that the simulator sent and Leshan's listeners never see.
 */
public final class WireCounts implements MessageInterceptor {
    // An acknowledgement carries the server's message id, everything else one of the device's own (RFC 7252 4.4).
    private record Sent(Object peer, int mid, boolean acknowledges) {}

    private final Map<String, LongAdder> totals = new ConcurrentHashMap<>();
    private final Set<Sent> seen = ConcurrentHashMap.newKeySet();
    private final Set<Object> observations = ConcurrentHashMap.newKeySet();
    private final Map<InetSocketAddress, LongAdder> notifications = new ConcurrentHashMap<>();

    /** Repetitions left out: one CON sent three times is one. */
    public long get(String name) {
        LongAdder adder = totals.get(name);
        return adder == null ? 0 : adder.sum();
    }

    /** Notifications of one device, of all its observations. */
    public long notificationsOf(InetSocketAddress peer) {
        LongAdder adder = notifications.get(peer);
        return adder == null ? 0 : adder.sum();
    }

    public Map<String, Long> all() {
        Map<String, Long> copy = new TreeMap<>();
        totals.forEach((name, adder) -> copy.put(name, adder.sum()));
        return copy;
    }

    @Override
    public void receiveRequest(Request request) {
        if (isNew(request)) {
            add("requests_received");
        }
    }

    @Override
    public void receiveResponse(Response response) {
        if (!isNew(response)) {
            return;
        }
        if (!response.getOptions().hasObserve()) {
            add("responses_received");
        } else if (observations.add(response.getToken())) {
            add("observations_started"); // the first message of a token answers the Observe request
        } else {
            add("notifications_received");
            notifications.computeIfAbsent(response.getSourceContext().getPeerAddress(), k -> new LongAdder())
                    .increment();
        }
    }

    private boolean isNew(Message message) {
        boolean first = seen.add(new Sent(
                message.getSourceContext().getPeerAddress(), message.getMID(), message.getType() == CoAP.Type.ACK));
        if (!first) {
            add("repetitions_received");
        }
        return first;
    }

    private void add(String name) {
        totals.computeIfAbsent(name, k -> new LongAdder()).increment();
    }
}
