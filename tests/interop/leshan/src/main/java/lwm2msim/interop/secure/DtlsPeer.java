package lwm2msim.interop.secure;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.elements.auth.RawPublicKeyIdentity;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
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
import lwm2msim.interop.Options;

/**
 * A Leshan server on DTLS with connection ids (Scandium), on the loopback address, which knows what `lwm2m-sim
 * provision` says of the fleet.
 */
abstract class DtlsPeer implements AutoCloseable {
    private final Options options;
    private final List<String> fleet;
    private final int port;
    private final InMemorySecurityStore devices = new InMemorySecurityStore();
    /** By what the peer is called in its DTLS session. */
    private final Map<String, String> endpoints = new HashMap<>();
    private LeshanServer server;

    /** `profile`: which all devices follow. */
    protected DtlsPeer(Options options, Path profile) throws IOException {
        this.options = options;
        fleet = List.of("--set", "fleet[0].profile=" + profile.toAbsolutePath());
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = options.port != 0 ? options.port : probe.getLocalPort();
        }
    }

    /** What `build` makes the server of. */
    protected LeshanServerBuilder builder(Consumer<Configuration> more) {
        CaliforniumServerEndpointsProvider endpointsProvider =
                new CaliforniumServerEndpointsProvider.Builder(new CoapsServerProtocolProvider())
                        .setConfiguration(c -> {
                            configure(c);
                            more.accept(c);
                        })
                        .addEndpoint(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Protocol.COAPS)
                        .build();
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setEndpointsProviders(endpointsProvider);
        builder.setSecurityStore(devices);
        builder.setObjectModelProvider(new VersionedModelProvider(Models.all()));
        return builder;
    }

    private static void configure(Configuration c) {
        c.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
        c.set(DtlsConfig.DTLS_UPDATE_ADDRESS_USING_CID_ON_NEWER_RECORDS, true);
        c.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        c.set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP);
        c.set(CoapConfig.EXCHANGE_LIFETIME, 60, TimeUnit.SECONDS);
        c.set(CoapConfig.MAX_ACTIVE_PEERS, 100_000);
        c.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 2);
        c.set(UdpConfig.UDP_RECEIVE_BUFFER_SIZE, 8 << 20);
        c.set(UdpConfig.UDP_SEND_BUFFER_SIZE, 4 << 20);
    }

    protected void build(LeshanServerBuilder builder) {
        server = builder.build();
    }

    /** Learns the identities and keys of the fleet from the simulator itself. */
    protected void learn() throws IOException, InterruptedException {
        ObjectMapper mapper = new ObjectMapper();
        try {
            for (String line : provision("--format", "jsonl").lines().toList()) {
                learn(mapper.readTree(line));
            }
        } catch (GeneralSecurityException | NonUniqueSecurityInfoException e) {
            throw new IOException(e);
        }
    }

    private void learn(JsonNode row) throws GeneralSecurityException, NonUniqueSecurityInfoException {
        String endpoint = row.get("endpoint").asText();
        switch (row.get("mode").asText()) {
        case "psk" -> {
            String identity = row.get("identity").asText();
            devices.add(SecurityInfo.newPreSharedKeyInfo(
                    endpoint, identity, HexFormat.of().parseHex(row.get("key").asText())));
            endpoints.put(identity, endpoint);
        }
        case "rpk" -> {
            PublicKey key = publicKey(HexFormat.of().parseHex(row.get("key").asText()));
            devices.add(SecurityInfo.newRawPublicKeyInfo(endpoint, key));
            endpoints.put(new RawPublicKeyIdentity(key).getName(), endpoint);
        }
        case "x509" -> {
            devices.add(SecurityInfo.newX509CertInfo(endpoint));
            endpoints.put("CN=" + endpoint, endpoint);
        }
        default -> throw new IllegalStateException("provision: " + row);
        }
    }

    protected String provision(String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(options.simulator, "provision", options.scenario.toString(),
                "-n", Integer.toString(options.devices)));
        command.addAll(fleet);
        command.addAll(List.of(more));
        return execute(command.toArray(new String[0]));
    }

    protected static byte[] body(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]*-----", ""));
    }

    protected static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    }

    /** What the program prints; it must end well. */
    static String execute(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": exit code " + process.exitValue());
        }
        return printed;
    }

    /** How many devices it has learned of. */
    int known() {
        return endpoints.size();
    }

    /** What the simulator must be told of the fleet. */
    List<String> fleet() {
        return fleet;
    }

    /** Watches the sessions from here on. */
    SessionWatch watch() {
        SessionWatch watch = new SessionWatch(endpoints::get);
        endpoint().addInterceptor(watch);
        return watch;
    }

    void start() {
        server.start();
    }

    LeshanServer server() {
        return server;
    }

    private CoapEndpoint endpoint() {
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
