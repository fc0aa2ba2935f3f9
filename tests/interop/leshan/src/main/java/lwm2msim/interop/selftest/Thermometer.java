package lwm2msim.interop.selftest;

import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.response.ReadResponse;

import lwm2msim.interop.InteropSensor;

/** Object 3303 whose value is another one at each tick. */
final class Thermometer extends Thing {
    private static final int SENSOR_VALUE = 5700;

    private final Random random;
    private volatile double value;

    Thermometer(int seed) {
        super(0, Map.of(SENSOR_VALUE, 20.0, 5603, -40.0, 5604, 85.0, 5701, "Cel", 5750, "untouched"), Set.of(5605));
        random = new Random(seed);
        value = draw();
    }

    void tick() {
        value = draw();
        fireResourceChange(SENSOR_VALUE);
    }

    @Override
    public ReadResponse read(LwM2mServer server, int resource) {
        return resource == SENSOR_VALUE ? ReadResponse.success(SENSOR_VALUE, value) : super.read(server, resource);
    }

    private double draw() {
        return InteropSensor.SENSOR_MIN + random.nextDouble() * (InteropSensor.SENSOR_MAX - InteropSensor.SENSOR_MIN);
    }
}
