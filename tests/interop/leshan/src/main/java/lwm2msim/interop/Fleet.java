package lwm2msim.interop;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BooleanSupplier;

import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;

/** All devices that registered, and what they did by themselves: register, update, notify, de-register, expire. */
public final class Fleet implements RegistrationListener, ObservationListener {
    /** Judges a notification's value; throws Unmet. */
    public interface NotificationRule {
        void judge(SingleObservation observation, ObserveResponse notification);
    }

    private final Counts counts;
    private final Map<String, Member> members = new ConcurrentSkipListMap<>();
    private volatile NotificationRule rule = (observation, notification) -> {};

    public Fleet(Counts counts) {
        this.counts = counts;
    }

    public void watch(LeshanServer server) {
        server.getRegistrationService().addListener(this);
        server.getObservationService().addListener(this);
    }

    /** Sorted by endpoint name; a copy. De-registered devices stay in it. */
    public List<Member> members() {
        return List.copyOf(members.values());
    }

    /** Waits for all devices to register, and returns them. */
    public List<Member> allRegistered(Options options, SimulatorProcess simulator) throws InterruptedException {
        await(options.registerWithinSeconds * 1000L, () -> registeredNow() >= options.devices, simulator::gone);
        List<Member> all = members();
        Unmet.expect(all.size() == options.devices, "not all devices have registered",
                all.size() + " of " + options.devices + "; " + simulator.lastLines(5));
        return all;
    }

    /** All have de-registered, or will have in a moment. */
    public void expectNobody() throws InterruptedException {
        if (!await(10_000, () -> registeredNow() == 0, () -> false)) {
            counts.fail("drain", registeredNow() + " are still registered");
        }
    }

    public Member member(String endpoint) {
        return members.get(endpoint);
    }

    // Leshan answers first and tells its listeners then, so a quick device's Update may be told before its Register.
    private Member member(Registration registration) {
        return members.computeIfAbsent(registration.getEndpoint(), endpoint -> new Member(registration));
    }

    public int registeredNow() {
        return (int) members.values().stream().filter(Member::registered).count();
    }

    public void judgeNotificationsBy(NotificationRule newRule) {
        rule = newRule;
    }

    /** True when the condition came to hold before the time was over; `giveUp` ends the wait early. */
    public static boolean await(long timeoutMs, BooleanSupplier condition, BooleanSupplier giveUp)
            throws InterruptedException {
        long end = System.nanoTime() + timeoutMs * 1_000_000;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end || giveUp.getAsBoolean()) {
                return condition.getAsBoolean();
            }
            Thread.sleep(50);
        }
        return true;
    }

    @Override
    public void registered(Registration registration, Registration previous, Collection<Observation> observations) {
        counts.add("registered");
        Member member = member(registration);
        if (member.registrations.incrementAndGet() > 1) {
            counts.add("reregistered");
        }
        member.renew(registration);
    }

    @Override
    public void updated(RegistrationUpdate update, Registration updated, Registration previous) {
        counts.add("updates");
        Member member = member(updated);
        member.renew(updated);
        member.updates.incrementAndGet();
    }

    @Override
    public void unregistered(Registration registration, Collection<Observation> observations, boolean expired,
            Registration newRegistration) {
        if (newRegistration != null) {
            return; // replaced by a new registration of the same endpoint: `registered` follows
        }
        counts.add(expired ? "expired" : "deregistered");
        member(registration).leave();
    }

    @Override
    public void onResponse(SingleObservation observation, Registration registration, ObserveResponse response) {
        counts.add("notifications");
        try {
            rule.judge(observation, response);
            member(registration).notifications.incrementAndGet();
        } catch (RuntimeException e) {
            counts.fail("notify", registration.getEndpoint(), e);
        }
    }

    @Override
    public void onResponse(
            CompositeObservation observation, Registration registration, ObserveCompositeResponse response) {
        counts.add("composite_notifications");
        member(registration).notifications.incrementAndGet();
    }

    @Override
    public void onError(Observation observation, Registration registration, Exception error) {
        counts.fail("notify", registration.getEndpoint(), error);
    }

    @Override
    public void newObservation(Observation observation, Registration registration) {}

    @Override
    public void cancelled(Observation observation) {}
}
