package lwm2msim.interop.secure;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpoint;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

import lwm2msim.interop.Models;

/** A Leshan server on DTLS (Scandium), on the loopback address; what it knows of devices is in `devices`. */
abstract class DtlsPeer implements AutoCloseable {
    protected final InMemorySecurityStore devices = new InMemorySecurityStore();
    private final int port;
    private LeshanServer server;

    protected DtlsPeer(int wantedPort) throws IOException {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = wantedPort != 0 ? wantedPort : probe.getLocalPort();
        }
    }

    /** What `build` makes the server of. */
    protected LeshanServerBuilder builder(Consumer<Configuration> configure) {
        CaliforniumServerEndpointsProvider endpoints =
                new CaliforniumServerEndpointsProvider.Builder(new CoapsServerProtocolProvider())
                        .setConfiguration(configure::accept)
                        .addEndpoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Protocol.COAPS)
                        .build();
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setEndpointsProviders(endpoints);
        builder.setSecurityStore(devices);
        builder.setObjectModelProvider(new VersionedModelProvider(Models.all()));
        return builder;
    }

    protected void build(LeshanServerBuilder builder) {
        server = builder.build();
    }

    void start() {
        server.start();
    }

    LeshanServer server() {
        return server;
    }

    CoapEndpoint endpoint() {
        return ((CaliforniumServerEndpoint) server.getEndpoint(Protocol.COAPS)).getCoapEndpoint();
    }

    String uri() {
        return "coaps://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        server.destroy();
    }
}
