package lwm2msim.interop.secure;

import java.net.InetSocketAddress;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.interceptors.MessageInterceptor;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.util.Bytes;

/** From where, and in which DTLS session, each device was heard, in order. */
final class SessionWatch implements MessageInterceptor {
    /** A session is named by its id and the moment of its handshake: one that is resumed keeps its id. */
    record Heard(InetSocketAddress from, Bytes session, long handshake, boolean connectionId) {
        boolean sameSession(Heard other) {
            return session.equals(other.session) && handshake == other.handshake;
        }

        boolean resumes(Heard other) {
            return session.equals(other.session) && handshake != other.handshake;
        }
    }

    private final Map<String, List<Heard>> byEndpoint = new ConcurrentHashMap<>();
    private final UnaryOperator<String> endpointOf;

    /** `endpointOf`: the endpoint name of who is called so in DTLS; null for a stranger. */
    SessionWatch(UnaryOperator<String> endpointOf) {
        this.endpointOf = endpointOf;
    }

    /** Each that differs from the one before. */
    List<Heard> of(String endpoint) {
        return byEndpoint.getOrDefault(endpoint, List.of());
    }

    @Override
    public void receiveRequest(Request request) {
        note(request);
    }

    @Override
    public void receiveResponse(Response response) {
        note(response);
    }

    private void note(Message message) {
        EndpointContext context = message.getSourceContext();
        Principal peer = context.getPeerIdentity();
        String endpoint = peer == null ? null : endpointOf.apply(peer.getName());
        if (endpoint == null) {
            return;
        }
        Bytes own = context.get(DtlsEndpointContext.KEY_READ_CONNECTION_ID);
        Heard heard = new Heard(context.getPeerAddress(), context.get(DtlsEndpointContext.KEY_SESSION_ID),
                context.get(DtlsEndpointContext.KEY_HANDSHAKE_TIMESTAMP), own != null && !own.isEmpty());
        List<Heard> list = byEndpoint.computeIfAbsent(endpoint, k -> new CopyOnWriteArrayList<>());
        synchronized (list) {
            if (list.isEmpty() || !list.get(list.size() - 1).equals(heard)) {
                list.add(heard);
            }
        }
    }
}
