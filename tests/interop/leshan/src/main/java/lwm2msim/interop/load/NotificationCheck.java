package lwm2msim.interop.load;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Member;
import lwm2msim.interop.SimulatorProcess;

/**
 * Every observed device has notified at least once after the first value, by the default maximum period at the latest.
 */
final class NotificationCheck implements LoadCheck {
    // One period, and some for a lost datagram and a busy machine.
    private static final long WITHIN_MS = 1000L * (2 * InteropSensor.NOTIFY_WITHIN_SECONDS + 5);

    private final Counts counts;
    private final Fleet fleet;
    private final SimulatorProcess simulator;

    NotificationCheck(Counts counts, Fleet fleet, SimulatorProcess simulator) {
        this.counts = counts;
        this.fleet = fleet;
        this.simulator = simulator;
    }

    @Override
    public String name() {
        return "notify";
    }

    @Override
    public void run() throws InterruptedException {
        Fleet.await(WITHIN_MS, () -> fleet.members().stream().allMatch(m -> m.notifications() > 0), simulator::gone);
        for (Member device : fleet.members()) {
            if (device.notifications() == 0) {
                counts.fail("notify: no notification of " + InteropSensor.SENSOR_VALUE, device.endpoint());
            }
        }
    }
}
