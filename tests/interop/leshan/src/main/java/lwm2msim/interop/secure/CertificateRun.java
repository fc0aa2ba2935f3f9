package lwm2msim.interop.secure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.Member;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;
import lwm2msim.interop.Unmet;

/** Devices with certificates, or raw public keys, register, are read and de-register. */
public final class CertificateRun {
    private final Options options;
    private final Counts counts;
    private final boolean x509;

    public CertificateRun(Options options, Counts counts, boolean x509) {
        this.options = options;
        this.counts = counts;
        this.x509 = x509;
    }

    public void run() throws IOException, InterruptedException {
        // The server's own key, with a certificate for its address; what is made here is for this run alone.
        Path key = options.out.resolve("server-key.pem");
        Path certificate = options.out.resolve("server.pem");
        Path publicKey = options.out.resolve("server-public.pem");
        CertificatePeer.execute("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key.toString(), "-out", certificate.toString(),
                "-subj", "/CN=leshan", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30");
        CertificatePeer.execute("openssl", "pkey", "-in", key.toString(), "-pubout", "-out", publicKey.toString());
        Path scenario = writeFleet();
        try (CertificatePeer peer = new CertificatePeer(options, scenario, x509, key, certificate, publicKey)) {
            if (peer.known() != options.devices) {
                counts.fail("provision", peer.known() + " of " + options.devices + " devices are known");
                return;
            }
            SessionWatch watch = new SessionWatch();
            peer.endpoint().addInterceptor(watch);
            Fleet fleet = new Fleet(counts);
            fleet.watch(peer.server());
            peer.start();
            try (SimulatorProcess simulator = new SimulatorProcess(options.simulator, scenario, peer.uri(),
                         options.devices, options.hold, options.out, options.extra)) {
                judge(fleet, watch, peer, simulator);
            } catch (Unmet simulatorGone) {
                counts.fail("run", "simulator", simulatorGone);
            }
        }
    }

    private Path writeFleet() throws IOException {
        Path profile = options.out.resolve("certificate-sensor.yaml");
        String server = x509 ? "{trust: server.pem}" : "{public_key: server-public.pem}";
        Files.writeString(profile, "profile: certificate-sensor\nextends: "
                        + options.home.resolve("interop-sensor.yaml").toAbsolutePath() + "\nsecurity:\n  mode: "
                        + (x509 ? "x509" : "rpk") + "\n  suite: " + (x509 ? "ccm8" : "gcm_sha256")
                        + "\n  key: {derive: \"a secret of the interop test\"}\n  server: " + server + "\n");
        Path scenario = options.out.resolve("certificates.yaml");
        Files.writeString(scenario, "scenario: leshan-certificates\nseed: 42\ndevices: " + options.devices
                        + "\nfleet:\n  - {profile: certificate-sensor.yaml}\nphases:\n"
                        + "  - ramp:  {to: 100%, over: 10s, arrivals: even}\n  - hold:  {for: 5m}\n"
                        + "  - drain: {over: 5s}\n");
        return scenario;
    }

    private void judge(Fleet fleet, SessionWatch watch, CertificatePeer peer, SimulatorProcess simulator)
            throws IOException, InterruptedException {
        Downlink downlink = new Downlink(peer.server(), counts, options.timeoutSeconds * 1000L);
        Flows flows = new Flows(counts, options.window, simulator::gone);
        List<Member> members = fleet.allRegistered(options, simulator);
        flows.forEach("read", members, device -> downlink.read(device, "/3/0"));
        if (watch.identities() != options.devices) {
            counts.fail("identities", watch.identities() + " for " + options.devices + " devices");
        }
        simulator.leave(counts);
        Fleet.await(10_000, () -> fleet.registeredNow() == 0, () -> false);
        if (fleet.registeredNow() != 0) {
            counts.fail("drain", fleet.registeredNow() + " are still registered");
        }
    }
}
