package lwm2msim.interop.load;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.ObserveRequest;

import lwm2msim.interop.Counts;
import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/** Every device's sensor value is observed: the answer is the first value and starts an observation. */
final class ObserveCheck implements LoadCheck {
    private final Counts counts;
    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;

    ObserveCheck(Counts counts, Fleet fleet, Downlink downlink, Flows flows) {
        this.counts = counts;
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "observe";
    }

    @Override
    public void run() throws InterruptedException {
        fleet.judgeNotificationsBy((observation, notification) -> {
            Unmet.expect(notification.isSuccess(), "notification with an error code", notification);
            Unmet.expectEqual(InteropSensor.SENSOR_VALUE, observation.getPath().toString(), "notified path");
            InteropSensor.expectPlausible(Nodes.single(notification.getContent()));
        });
        flows.forEach(name(), fleet.members(),
                device
                -> downlink.ask(device, new ObserveRequest(InteropSensor.SENSOR_VALUE), ResponseCode.CONTENT)
                           .thenAccept(answer -> {
                               Unmet.expect(
                                       answer.getObservation() != null, "the answer has no Observe option", answer);
                               InteropSensor.expectPlausible(Nodes.single(answer.getContent()));
                               counts.add("observations");
                           }));
    }
}
