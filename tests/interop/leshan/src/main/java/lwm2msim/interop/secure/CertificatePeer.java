package lwm2msim.interop.secure;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.servers.security.NonUniqueSecurityInfoException;
import org.eclipse.leshan.servers.security.SecurityInfo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import lwm2msim.interop.Options;

/** A Leshan server with a certificate or a raw public key, which knows what `lwm2m-sim provision` says. */
final class CertificatePeer extends DtlsPeer {
    private int known;

    CertificatePeer(Options options, Path scenario, boolean x509, Path key, Path certificate, Path publicKey)
            throws IOException, InterruptedException {
        super(options.port);
        LeshanServerBuilder builder = builder(CertificatePeer::configure);
        try {
            builder.setPrivateKey(privateKey(key));
            if (x509) {
                builder.setCertificateChain(certificates(Files.readString(certificate)));
                builder.setTrustedCertificates((Certificate[]) certificates(execute(options.simulator, "provision",
                        scenario.toString(), "--format", "pem")));
            } else {
                builder.setPublicKey(publicKey(body(Files.readString(publicKey))));
            }
            learn(execute(options.simulator, "provision", scenario.toString(), "-n",
                    Integer.toString(options.devices), "--format", "jsonl"));
        } catch (GeneralSecurityException | NonUniqueSecurityInfoException e) {
            throw new IOException(e);
        }
        build(builder);
    }

    private static void configure(Configuration c) {
        c.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 6);
        c.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
        c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
                CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
        c.set(CoapConfig.DEDUPLICATOR, CoapConfig.DEDUPLICATOR_PEERS_MARK_AND_SWEEP);
        c.set(CoapConfig.EXCHANGE_LIFETIME, 60, TimeUnit.SECONDS);
        c.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 2);
    }

    private void learn(String lines)
            throws IOException, GeneralSecurityException, NonUniqueSecurityInfoException {
        ObjectMapper mapper = new ObjectMapper();
        for (String line : lines.lines().toList()) {
            JsonNode row = mapper.readTree(line);
            String endpoint = row.get("endpoint").asText();
            devices.add(row.get("mode").asText().equals("x509")
                            ? SecurityInfo.newX509CertInfo(endpoint)
                            : SecurityInfo.newRawPublicKeyInfo(
                                      endpoint, publicKey(HexFormat.of().parseHex(row.get("key").asText()))));
            ++known;
        }
    }

    private static byte[] body(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]*-----", ""));
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(body(Files.readString(file))));
    }

    private static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    }

    private static X509Certificate[] certificates(String pem) throws IOException, GeneralSecurityException {
        List<X509Certificate> all = new ArrayList<>();
        try (InputStream in = new java.io.ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII))) {
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                all.add((X509Certificate) one);
            }
        }
        return all.toArray(new X509Certificate[0]);
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

    int known() {
        return known;
    }
}
