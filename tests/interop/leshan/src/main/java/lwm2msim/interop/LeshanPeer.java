package lwm2msim.interop;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpoint;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;

/** A Leshan server on plain CoAP on loopback, set up for thousands of devices on two cores. */
public final class LeshanPeer implements AutoCloseable {
    private final CaliforniumServerEndpointsProvider endpoints;
    private final LeshanServer server;
    private final WireCounts wire;
    private final int port;

    /** Port 0 takes a free one. */
    public LeshanPeer(int wantedPort, Counts counts) throws IOException {
        port = wantedPort != 0 ? wantedPort : freePort();
        endpoints = new CaliforniumServerEndpointsProvider.Builder(new CoapServerProtocolProvider())
                            .setConfiguration(LeshanPeer::configureForLoad)
                            .addEndpoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Protocol.COAP)
                            .build();
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setEndpointsProviders(endpoints);
        builder.setObjectModelProvider(new VersionedModelProvider(Models.all()));
        server = builder.build();
        wire = new WireCounts();
        endpoint().addInterceptor(wire);
    }

    private static void configureForLoad(Configuration c) {
        // Deduplication per peer keeps a few exchanges of each device instead of all of the last 247 s.
        c.set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP);
        c.set(CoapConfig.EXCHANGE_LIFETIME, 60, TimeUnit.SECONDS);
        c.set(CoapConfig.NON_LIFETIME, 60, TimeUnit.SECONDS);
        c.set(CoapConfig.MARK_AND_SWEEP_INTERVAL, 5, TimeUnit.SECONDS);
        c.set(CoapConfig.MAX_ACTIVE_PEERS, 1_000_000);
        c.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 2);
        c.set(UdpConfig.UDP_RECEIVER_THREAD_COUNT, 1);
        c.set(UdpConfig.UDP_SENDER_THREAD_COUNT, 1);
        // The kernel cuts this to net.core.rmem_max.
        c.set(UdpConfig.UDP_RECEIVE_BUFFER_SIZE, 8 << 20);
        c.set(UdpConfig.UDP_SEND_BUFFER_SIZE, 4 << 20);
        c.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 1 << 20); // firmware images of the conformance run
    }

    private static int freePort() throws IOException {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    public void start() {
        server.start();
    }

    public LeshanServer server() {
        return server;
    }

    /** For requests that Leshan would not make. */
    public CoapEndpoint endpoint() {
        return ((CaliforniumServerEndpoint) server.getEndpoint(Protocol.COAP)).getCoapEndpoint();
    }

    /** For resources that devices fetch. */
    public CoapServer coap() {
        return endpoints.getCoapServer();
    }

    public WireCounts wire() {
        return wire;
    }

    public String uri() {
        return "coap://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        server.destroy();
    }
}
