package lwm2msim.interop.selftest;

import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.core.response.WriteResponse;

import lwm2msim.interop.InteropSensor;

/** Object 3303 whose value is another one at each tick. */
final class Thermometer extends Thing {
    private static final int SENSOR_VALUE = 5700;

    private final Random random;
    private final Fault fault;
    private volatile double value;
    private volatile Thermometer neighbour;

    Thermometer(int seed, Fault fault) {
        super(0, Map.of(SENSOR_VALUE, 20.0, 5603, -40.0, 5604, 85.0, 5701, "Cel", 5750, "untouched"), Set.of(5605));
        random = new Random(seed);
        this.fault = fault;
        value = draw();
    }

    void leakWritesTo(Thermometer other) {
        neighbour = other;
    }

    void tick() {
        value = draw();
        if (fault != Fault.SILENT) {
            fireResourceChange(SENSOR_VALUE);
        }
    }

    @Override
    public WriteResponse write(LwM2mServer server, boolean replace, int resource, LwM2mResource newValue) {
        if (neighbour != null) {
            neighbour.resources.put(resource, newValue);
        }
        return super.write(server, replace, resource, newValue);
    }

    @Override
    public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
        return fault == Fault.REFUSES_EXECUTE ? ExecuteResponse.notFound() : super.execute(server, resource, arguments);
    }

    @Override
    public ReadResponse read(LwM2mServer server, int resource) {
        return resource == SENSOR_VALUE ? ReadResponse.success(SENSOR_VALUE, value) : super.read(server, resource);
    }

    private double draw() {
        if (fault == Fault.TOO_HOT) {
            return InteropSensor.SENSOR_MAX + 1;
        }
        return InteropSensor.SENSOR_MIN + random.nextDouble() * (InteropSensor.SENSOR_MAX - InteropSensor.SENSOR_MIN);
    }
}
