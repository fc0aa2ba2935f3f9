package lwm2msim.interop.secure;

import java.io.IOException;
import java.util.List;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.Member;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;
import lwm2msim.interop.Unmet;
import lwm2msim.interop.secure.SessionWatch.Heard;

/**
 * Every device gets a new source address behind its back. With connection ids the server finds it there in the same
 * session, one record later; without, it comes back by a handshake, full or resumed, and registers again.
 */
public final class RebindingRun {
    private static final long QUICKLY_MS = 180_000;

    private final Options options;
    private final Counts counts;
    private final boolean connectionIds;

    public RebindingRun(Options options, Counts counts, boolean connectionIds) {
        this.options = options;
        this.counts = counts;
        this.connectionIds = connectionIds;
    }

    public void run() throws IOException, InterruptedException {
        try (DtlsPeer peer = peer()) {
            options.extra.addAll(peer.fleet());
            if (peer.known() != options.devices) {
                counts.fail("provision", peer.known() + " of " + options.devices + " devices are known");
                return;
            }
            SessionWatch watch = peer.watch();
            Fleet fleet = new Fleet(counts);
            fleet.watch(peer.server());
            peer.start();
            try (SimulatorProcess simulator = new SimulatorProcess(
                         options.simulator, options.scenario, peer.uri(), options.devices, null, options.out,
                         options.extra)) {
                judge(fleet, watch, peer, simulator);
            } catch (Unmet simulatorGone) {
                counts.fail("run", "simulator", simulatorGone);
            }
        }
    }

    private DtlsPeer peer() throws IOException, InterruptedException {
        if (options.certificates == null) {
            return new SecurePeer(options,
                    options.home.resolve(connectionIds ? "rebinding-sensor.yaml" : "rebinding-sensor-no-cid.yaml"));
        }
        CertificateFiles files = new CertificateFiles(options);
        return new CertificatePeer(options, files, files.writeProfile("rebinding-sensor.yaml", connectionIds));
    }

    private void judge(Fleet fleet, SessionWatch watch, DtlsPeer peer, SimulatorProcess simulator)
            throws IOException, InterruptedException {
        Downlink downlink = new Downlink(peer.server(), counts, options.timeoutSeconds * 1000L);
        Flows flows = new Flows(counts, options.window, simulator::gone);
        List<Member> members = fleet.allRegistered(options, simulator);
        flows.forEach("read before", members, device -> downlink.read(device, "/3/0"));
        for (Member member : members) {
            List<Heard> heard = watch.of(member.endpoint());
            if (heard.size() != 1 || heard.get(0).connectionId() != connectionIds) {
                counts.fail("before: not one session as the profile says", member.endpoint() + ": " + heard);
            }
        }

        // The storm comes, and the server waits for what devices do by themselves: an Update, or a new registration.
        Fleet.await(QUICKLY_MS, () -> members.stream().allMatch(member -> back(member, watch)), simulator::gone);
        for (Member member : members) {
            judge(member, watch.of(member.endpoint()));
        }
        flows.forEach("read after", members, device -> downlink.read(device, "/3/0"));
        simulator.leave(counts);
        fleet.expectNobody();
    }

    private boolean back(Member member, SessionWatch watch) {
        List<Heard> heard = watch.of(member.endpoint());
        return heard.size() > 1 &&
                member.registration().getSocketAddress().equals(heard.get(heard.size() - 1).from()) &&
                (connectionIds ? member.updates() > 0 : member.registrations() > 1);
    }

    private void judge(Member member, List<Heard> heard) {
        try {
            Unmet.expect(heard.size() > 1, "not heard from a new address", heard);
            Heard before = heard.get(0);
            Heard after = heard.get(heard.size() - 1);
            Unmet.expect(!before.from().equals(after.from()), "heard from its old address again", heard);
            if (connectionIds) {
                Unmet.expect(after.sameSession(before), "another session in spite of the connection id", heard);
                Unmet.expectEqual(1, member.registrations(), "registrations");
                counts.add("same_session");
            } else {
                Unmet.expect(!after.sameSession(before), "the old session at a new address", heard);
                Unmet.expectEqual(2, member.registrations(), "registrations");
                counts.add(after.resumes(before) ? "resumed" : "full");
            }
            Unmet.expectEqual(after.from(), member.registration().getSocketAddress(), "address of the registration");
        } catch (Unmet unmet) {
            counts.fail("rebinding", member.endpoint(), unmet);
        }
    }
}
