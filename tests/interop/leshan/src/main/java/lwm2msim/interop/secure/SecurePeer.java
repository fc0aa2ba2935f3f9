package lwm2msim.interop.secure;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.servers.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.servers.security.SecurityInfo;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpoint;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import lwm2msim.interop.Models;

/** A Leshan server on DTLS with connection ids (Scandium), which knows what `lwm2m-sim provision` says. */
final class SecurePeer implements AutoCloseable {
    private final LeshanServer server;
    private final InMemorySecurityStore keys = new InMemorySecurityStore();
    private final int port;

    SecurePeer(int wantedPort) throws IOException {
        port = wantedPort != 0 ? wantedPort : freePort();
        CaliforniumServerEndpointsProvider endpoints =
                new CaliforniumServerEndpointsProvider.Builder(new CoapsServerProtocolProvider())
                        .setConfiguration(SecurePeer::configure)
                        .addEndpoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Protocol.COAPS)
                        .build();
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setEndpointsProviders(endpoints);
        builder.setSecurityStore(keys);
        builder.setObjectModelProvider(new VersionedModelProvider(Models.all()));
        server = builder.build();
    }

    private static void configure(Configuration c) {
        c.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
        c.set(DtlsConfig.DTLS_UPDATE_ADDRESS_USING_CID_ON_NEWER_RECORDS, true);
        c.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8);
        c.set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP);
        c.set(CoapConfig.EXCHANGE_LIFETIME, 60, TimeUnit.SECONDS);
        c.set(CoapConfig.MAX_ACTIVE_PEERS, 100_000);
        c.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 2);
        c.set(UdpConfig.UDP_RECEIVE_BUFFER_SIZE, 8 << 20);
        c.set(UdpConfig.UDP_SEND_BUFFER_SIZE, 4 << 20);
    }

    private static int freePort() throws IOException {
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** Learns the keys of a fleet from the simulator itself, and returns how many there are. */
    int learn(String simulator, Path scenario, int devices, List<String> more)
            throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(simulator, "provision", scenario.toString(), "-n",
                Integer.toString(devices), "--format", "jsonl"));
        command.addAll(more);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ObjectMapper mapper = new ObjectMapper();
        int learned = 0;
        try (var lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode row = mapper.readTree(line);
                byte[] key = java.util.HexFormat.of().parseHex(row.get("key").asText());
                keys.add(SecurityInfo.newPreSharedKeyInfo(
                        row.get("endpoint").asText(), row.get("identity").asText(), key));
                ++learned;
            }
        } catch (NonUniqueSecurityInfoException e) {
            throw new IOException(e);
        }
        return process.waitFor() == 0 ? learned : 0;
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
