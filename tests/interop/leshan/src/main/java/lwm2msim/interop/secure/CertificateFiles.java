package lwm2msim.interop.secure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import lwm2msim.interop.Options;

/**
 * The server's own key with a certificate for its address, and the profile of devices that know it; all in the folder
 * of the run, and for this run alone.
 */
final class CertificateFiles {
    final Path key;
    final Path certificate;
    final Path publicKey;
    final boolean x509;
    private final Options options;

    CertificateFiles(Options options) throws IOException, InterruptedException {
        this.options = options;
        x509 = options.certificates.equals("x509");
        key = options.out.resolve("server-key.pem");
        certificate = options.out.resolve("server.pem");
        publicKey = options.out.resolve("server-public.pem");
        DtlsPeer.execute("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key.toString(), "-out", certificate.toString(), "-subj", "/CN=leshan", "-addext",
                "subjectAltName=IP:127.0.0.1", "-days", "30");
        DtlsPeer.execute("openssl", "pkey", "-in", key.toString(), "-pubout", "-out", publicKey.toString());
    }

    /** Writes a profile like `base` of the judge's folder, with certificates or raw public keys. */
    Path writeProfile(String base, boolean connectionIds) throws IOException {
        Path profile = options.out.resolve("certificate-sensor.yaml").toAbsolutePath();
        Files.writeString(profile,
                "profile: certificate-sensor\nextends: " + options.home.resolve(base).toAbsolutePath()
                        + "\nsecurity:\n  mode: " + options.certificates + "\n  suite: "
                        + (x509 ? "ccm8" : "gcm_sha256")
                        + "\n  key: {derive: \"a secret of the interop test\"}\n  server: "
                        + (x509 ? "{trust: server.pem}" : "{public_key: server-public.pem}")
                        + "\n  cid: " + connectionIds + "\n");
        return profile;
    }
}
