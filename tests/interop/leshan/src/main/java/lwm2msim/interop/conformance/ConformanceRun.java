package lwm2msim.interop.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

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

/**
 * Everything that Leshan can ask. Devices of one kind (an endpoint name without its number) share the groups of cases
 * out among themselves and are asked side by side; no case needs what another one left behind.
 */
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

    /** Groups of about the same length. */
    static List<List<Case>> groups(LeshanPeer peer) {
        return List.of(group(RegistrationCases.all(), ReadCases.all(), WriteCases.all(), CompositeCases.all()),
                group(AttributeCases.all()),
                group(ObserveCases.all(), InstanceCases.all(), RefusalCases.all()),
                group(ExecuteCases.all(), CoapCases.all(), FirmwareCases.all(peer)));
    }

    @SafeVarargs
    private static List<Case> group(List<Case>... parts) {
        return Arrays.stream(parts).flatMap(List::stream).toList();
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
        List<Thread> threads = new ArrayList<>();
        shareOut(fleet).forEach((member, cases) -> {
            Device device = new Device(member, peer, downlink, inbox, promised(member));
            threads.add(new Thread(() -> ask(device, cases), member.endpoint()));
        });
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        if (simulator.gone()) {
            counts.fail("the simulator ended too early", simulator.lastLines(5));
        }
        report();
    }

    private Map<Member, List<Case>> shareOut(Fleet fleet) {
        Map<String, List<Member>> kinds = new TreeMap<>();
        for (Member member : fleet.members()) {
            kinds.computeIfAbsent(member.endpoint().replaceFirst("-?[0-9]+$", ""), k -> new ArrayList<>()).add(member);
        }
        Map<Member, List<Case>> shares = new LinkedHashMap<>();
        kinds.forEach((kind, members) -> {
            List<List<Case>> groups =
                    kind.contains(SendCases.KIND) ? List.of(SendCases.all(kind)) : groups(peer);
            for (int i = 0; i < groups.size(); i++) {
                shares.computeIfAbsent(members.get(i % members.size()), m -> new ArrayList<>()).addAll(groups.get(i));
            }
        });
        return shares;
    }

    private void ask(Device device, List<Case> cases) {
        try {
            prepare(device);
            for (Case c : cases) {
                if (c.name().contains(options.only) && c.concerns(device.promised()) && !simulator.gone()) {
                    judge(device, c);
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            counts.fail("conformance", device.member().endpoint(), e);
        }
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
        verdicts.print(System.out);
    }
}
