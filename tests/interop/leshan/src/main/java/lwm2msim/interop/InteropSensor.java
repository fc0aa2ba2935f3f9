package lwm2msim.interop;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The facts of the profile interop-sensor.yaml, which the judge holds the devices to. The two files say the same. */
public final class InteropSensor {
    public static final Pattern ENDPOINT = Pattern.compile("interop-\\d{6}");
    public static final String VERSION = "1.1";
    public static final long LIFETIME = 120;

    public static final List<String> OBJECTS = List.of("/1", "/3", "/4", "/3303");
    public static final List<String> INSTANCES = List.of("/1/0", "/3/0", "/4/0", "/3303/0");

    /** The same on every device, and nobody but the server changes them. */
    public static final Map<String, Object> CONSTANTS = Map.of("/1/0/0", 1L, "/1/0/1", LIFETIME, "/3/0/0", "lwm2m-sim",
            "/3/0/1", "interop-1", "/3/0/3", "1.0.0", "/3/0/9", 87L, "/3303/0/5701", "Cel");

    /** These change by themselves, so two reads may differ. */
    public static final Set<String> DYNAMIC = Set.of("/4/0/2", "/3303/0/5700", "/3303/0/5601", "/3303/0/5602");

    public static final String SENSOR_VALUE = "/3303/0/5700";
    public static final double SENSOR_MIN = 15;
    public static final double SENSOR_MAX = 25;

    public static final String APPLICATION_TYPE = "/3303/0/5750";
    public static final String TIMEZONE = "/3/0/15";

    /** /1/0/3, the default maximum period: an observed value is notified at least this often. */
    public static final int NOTIFY_WITHIN_SECONDS = 10;

    private InteropSensor() {}

    public static void expectPlausible(Object sensorValue) {
        Unmet.expect(sensorValue instanceof Double, "sensor value is not a float", sensorValue);
        double v = (Double) sensorValue;
        Unmet.expect(v >= SENSOR_MIN && v <= SENSOR_MAX, "sensor value out of the profile's range", v);
    }
}
