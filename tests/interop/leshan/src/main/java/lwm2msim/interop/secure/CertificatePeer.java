package lwm2msim.interop.secure;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;

import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.leshan.server.LeshanServerBuilder;

import lwm2msim.interop.Options;

/** A Leshan server with a certificate or a raw public key. */
final class CertificatePeer extends DtlsPeer {
    CertificatePeer(Options options, CertificateFiles files, Path profile) throws IOException, InterruptedException {
        super(options, profile);
        learn();
        LeshanServerBuilder builder = builder(c
                -> c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
                        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256));
        try {
            builder.setPrivateKey(privateKey(files.key));
            if (files.x509) {
                builder.setCertificateChain(certificates(Files.readString(files.certificate)));
                builder.setTrustedCertificates((Certificate[]) certificates(provision("--format", "pem")));
            } else {
                builder.setPublicKey(publicKey(body(Files.readString(files.publicKey))));
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
        build(builder);
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(body(Files.readString(file))));
    }

    private static X509Certificate[] certificates(String pem) throws IOException, GeneralSecurityException {
        List<X509Certificate> all = new ArrayList<>();
        try (InputStream in = new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII))) {
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                all.add((X509Certificate) one);
            }
        }
        return all.toArray(new X509Certificate[0]);
    }
}
