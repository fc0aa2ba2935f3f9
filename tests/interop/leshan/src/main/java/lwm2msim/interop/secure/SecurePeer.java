package lwm2msim.interop.secure;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.servers.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.servers.security.SecurityInfo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** A Leshan server on DTLS with connection ids (Scandium), which knows what `lwm2m-sim provision` says. */
final class SecurePeer extends DtlsPeer {
    SecurePeer(int wantedPort) throws IOException {
        super(wantedPort);
        build(builder(SecurePeer::configure));
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

    /** Learns the keys of a fleet from the simulator itself, and returns how many there are. */
    int learn(String simulator, Path scenario, int count, List<String> more)
            throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(simulator, "provision", scenario.toString(), "-n",
                Integer.toString(count), "--format", "jsonl"));
        command.addAll(more);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ObjectMapper mapper = new ObjectMapper();
        int learned = 0;
        try (var lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode row = mapper.readTree(line);
                byte[] key = java.util.HexFormat.of().parseHex(row.get("key").asText());
                devices.add(SecurityInfo.newPreSharedKeyInfo(
                        row.get("endpoint").asText(), row.get("identity").asText(), key));
                ++learned;
            }
        } catch (NonUniqueSecurityInfoException e) {
            throw new IOException(e);
        }
        return process.waitFor() == 0 ? learned : 0;
    }
}
