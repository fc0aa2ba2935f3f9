package lwm2msim.interop.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.WriteRequest.Mode;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.LeshanPeer;
import lwm2msim.interop.Member;
import lwm2msim.interop.Models;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;
import lwm2msim.interop.Unmet;
import lwm2msim.interop.selftest.KnownFailures;

/** Everything that Leshan can ask, of each device in turn. */
public final class ConformanceRun {
    private static final long REGISTER_WITHIN_MS = 30_000;

    private final Options options;
    private final LeshanPeer peer;
    private final SimulatorProcess simulator;
    private final Counts counts;
    private final Verdicts verdicts;

    public ConformanceRun(Options options, Counts counts, LeshanPeer peer, SimulatorProcess simulator) {
        this.options = options;
        this.counts = counts;
        this.peer = peer;
        this.simulator = simulator;
        verdicts = new Verdicts(options.selftest ? KnownFailures.OF_LESHANS_CLIENT : Map.of());
    }

    static List<Case> cases(LeshanPeer peer) {
        List<Case> all = new ArrayList<>();
        all.addAll(RegistrationCases.all());
        all.addAll(ReadCases.all());
        all.addAll(WriteCases.all());
        all.addAll(ExecuteCases.all());
        all.addAll(AttributeCases.all());
        all.addAll(ObserveCases.all());
        all.addAll(InstanceCases.all());
        all.addAll(CompositeCases.all());
        all.addAll(SendCases.all());
        all.addAll(CoapCases.all());
        all.addAll(FirmwareCases.all(peer));
        return all;
    }

    public void run() throws InterruptedException, IOException {
        Fleet fleet = new Fleet(counts);
        fleet.watch(peer.server());
        Inbox inbox = new Inbox();
        inbox.watch(peer.server());
        Downlink downlink = new Downlink(peer.server(), counts, options.timeoutSeconds * 1000L);
        Fleet.await(REGISTER_WITHIN_MS, () -> fleet.registeredNow() >= options.devices, simulator::gone);
        if (fleet.members().size() != options.devices) {
            counts.fail("register: not all devices",
                    fleet.members().size() + " of " + options.devices
                            + "; the simulator says: " + simulator.lastLines(5));
            return;
        }
        for (Member member : fleet.members()) {
            Device device = new Device(member, peer, downlink, inbox, promised(member));
            prepare(device);
            for (Case c : cases(peer)) {
                if (c.name().contains(options.only) && !simulator.gone()) {
                    judge(device, c);
                }
            }
        }
        if (simulator.gone()) {
            counts.fail("the simulator ended too early", simulator.lastLines(5));
        }
        report();
    }

    private Set<ContentFormat> promised(Member member) {
        return options.selftest ? Set.of(ContentFormat.knownContentFormat)
                                : TestDevice.promised(member.registration().getLwM2mVersion().toString().equals("1.0"));
    }

    // Some cases read every type, so every type must have a value.
    private static void prepare(Device device) throws InterruptedException {
        if (device.has(Models.TEST_OBJECT)) {
            try {
                device.write(Mode.UPDATE, ContentFormat.TLV, TestDevice.TEST, WriteCases.everything());
            } catch (Unmet e) {
                System.err.println("judge: object 3442 cannot be filled: " + e.getMessage());
            }
        }
    }

    private void judge(Device device, Case c) throws InterruptedException {
        String name = device.member().endpoint();
        try {
            c.body().run(device);
            verdicts.passed(name, c.name());
        } catch (Skip skip) {
            verdicts.skipped(name, c.name(), skip.getMessage());
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            verdicts.failed(name, c.name(), e instanceof Unmet ? e.getMessage() : e.toString());
        }
    }

    private void report() throws IOException {
        for (Verdicts.Outcome outcome : Verdicts.Outcome.values()) {
            counts.add("cases_" + outcome.name().toLowerCase(), verdicts.count(outcome));
        }
        if (verdicts.count(Verdicts.Outcome.FAILED) > 0) {
            counts.fail("conformance", verdicts.count(Verdicts.Outcome.FAILED) + " cases, named above");
        }
        if (verdicts.count(Verdicts.Outcome.PASSED) == 0) {
            counts.fail("conformance", "no case passed");
        }
        verdicts.write(options.out.resolve("conformance.json"));
    }
}
