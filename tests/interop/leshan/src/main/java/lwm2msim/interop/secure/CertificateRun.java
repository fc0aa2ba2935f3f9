package lwm2msim.interop.secure;

import java.io.IOException;
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

    public CertificateRun(Options options, Counts counts) {
        this.options = options;
        this.counts = counts;
    }

    public void run() throws IOException, InterruptedException {
        CertificateFiles files = new CertificateFiles(options);
        Path profile = files.writeProfile("interop-sensor.yaml", true);
        try (DtlsPeer peer = new CertificatePeer(options, files, profile)) {
            options.extra.addAll(peer.fleet());
            if (peer.known() != options.devices) {
                counts.fail("provision", peer.known() + " of " + options.devices + " devices are known");
                return;
            }
            SessionWatch watch = peer.watch();
            Fleet fleet = new Fleet(counts);
            fleet.watch(peer.server());
            peer.start();
            try (SimulatorProcess simulator = new SimulatorProcess(options.simulator, options.scenario, peer.uri(),
                         options.devices, options.hold, options.out, options.extra)) {
                judge(fleet, watch, peer, simulator);
            } catch (Unmet simulatorGone) {
                counts.fail("run", "simulator", simulatorGone);
            }
        }
    }

    private void judge(Fleet fleet, SessionWatch watch, DtlsPeer peer, SimulatorProcess simulator)
            throws IOException, InterruptedException {
        Downlink downlink = new Downlink(peer.server(), counts, options.timeoutSeconds * 1000L);
        Flows flows = new Flows(counts, options.window, simulator::gone);
        List<Member> members = fleet.allRegistered(options, simulator);
        flows.forEach("read", members, device -> downlink.read(device, "/3/0"));
        for (Member member : members) {
            if (watch.of(member.endpoint()).size() != 1) {
                counts.fail("not one session", member.endpoint() + ": " + watch.of(member.endpoint()));
            }
        }
        simulator.leave(counts);
        fleet.expectNobody();
    }
}
