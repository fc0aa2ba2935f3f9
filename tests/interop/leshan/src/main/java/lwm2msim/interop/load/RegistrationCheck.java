package lwm2msim.interop.load;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.eclipse.leshan.core.LwM2m.Version;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.server.registration.Registration;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Member;
import lwm2msim.interop.Options;
import lwm2msim.interop.SimulatorProcess;
import lwm2msim.interop.Unmet;

/** All devices register within the time, each under its own name and address, with what the profile says. */
final class RegistrationCheck implements LoadCheck {
    private final Counts counts;
    private final Fleet fleet;
    private final SimulatorProcess simulator;
    private final Options options;

    RegistrationCheck(Counts counts, Fleet fleet, SimulatorProcess simulator, Options options) {
        this.counts = counts;
        this.fleet = fleet;
        this.simulator = simulator;
        this.options = options;
    }

    @Override
    public String name() {
        return "register";
    }

    @Override
    public void run() throws InterruptedException {
        Fleet.await(
                options.registerWithinSeconds * 1000L, () -> fleet.registeredNow() >= options.devices, simulator::gone);
        List<Member> members = fleet.members();
        if (members.size() != options.devices) {
            counts.fail("register: not all devices",
                    members.size() + " of " + options.devices + " endpoint names"
                            + (simulator.gone() ? "; the simulator ended: " + simulator.lastLines(5) : ""));
        }
        Map<Object, String> addresses = new HashMap<>();
        for (Member member : members) {
            try {
                judge(member.registration());
                // Leshan finds the device of a Send by its address, so two devices must not share one.
                String other = addresses.put(member.registration().getSocketAddress(), member.endpoint());
                Unmet.expect(other == null, "two devices behind one address and port", other);
            } catch (Unmet unmet) {
                counts.fail(name(), member.endpoint(), unmet);
            }
        }
    }

    private static void judge(Registration r) {
        Unmet.expect(InteropSensor.ENDPOINT.matcher(r.getEndpoint()).matches(), "endpoint name not as in the profile",
                r.getEndpoint());
        Unmet.expectEqual(InteropSensor.VERSION, r.getLwM2mVersion().toString(), "LwM2M version");
        Unmet.expectEqual(InteropSensor.LIFETIME, r.getLifeTimeInSec(), "lifetime");
        Unmet.expectEqual(Set.of(BindingMode.U), r.getBindingMode(), "binding");
        Unmet.expect(!r.usesQueueMode(), "queue mode not asked for", r);
        Set<String> links = Arrays.stream(r.getObjectLinks()).map(Link::getUriReference).collect(Collectors.toSet());
        for (String instance : InteropSensor.INSTANCES) {
            Unmet.expect(links.contains(instance), "object list lacks an instance", instance + " in " + links);
        }
        Unmet.expect(links.stream().noneMatch(link -> link.matches("/(0|21)(/.*)?")),
                "object list shows objects 0 or 21", links);
        Unmet.expectEqual(new Version("1.1"), r.getSupportedVersion(3303), "version of object 3303");
    }
}
