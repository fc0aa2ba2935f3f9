package lwm2msim.interop.secure;

import java.io.IOException;
import java.nio.file.Path;

import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;

import lwm2msim.interop.Options;

/** A Leshan server with pre-shared keys. */
final class SecurePeer extends DtlsPeer {
    SecurePeer(Options options, Path profile) throws IOException, InterruptedException {
        super(options, profile);
        learn();
        build(builder(
                c -> c.setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_PSK_WITH_AES_128_CCM_8)));
    }
}
