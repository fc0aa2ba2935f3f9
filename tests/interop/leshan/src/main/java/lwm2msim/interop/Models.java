package lwm2msim.interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Operations;
import org.eclipse.leshan.core.model.ResourceModel.Type;

/**
 * What the server knows about objects: Leshan's own for 0 to 7 and 21 in all versions, and two more from the OMA
 * registry.
 */
public final class Models {
    public static final int TEMPERATURE = 3303;
    public static final int TEST_OBJECT = 3442;

    private Models() {}

    public static List<ObjectModel> all() {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadAllDefault());
        models.add(temperature("1.0"));
        models.add(temperature("1.1"));
        models.add(testObject());
        return models;
    }

    /** The models of one device: for the core objects those of the given version of LwM2M. */
    public static List<ObjectModel> ofDevice(org.eclipse.leshan.core.LwM2m.LwM2mVersion version) {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault(version));
        models.add(temperature("1.1"));
        models.add(testObject());
        return models;
    }

    static ObjectModel temperature(String version) {
        Builder b = new Builder();
        b.mandatory(5700, "Sensor Value", Operations.R, Type.FLOAT);
        b.single(5601, "Min Measured Value", Operations.R, Type.FLOAT);
        b.single(5602, "Max Measured Value", Operations.R, Type.FLOAT);
        b.single(5603, "Min Range Value", Operations.R, Type.FLOAT);
        b.single(5604, "Max Range Value", Operations.R, Type.FLOAT);
        b.single(5701, "Sensor Units", Operations.R, Type.STRING);
        b.single(5605, "Reset Min and Max Measured Values", Operations.E, Type.NONE);
        if (!version.equals("1.0")) {
            b.single(5750, "Application Type", Operations.RW, Type.STRING);
            b.single(5518, "Timestamp", Operations.R, Type.TIME);
            b.single(6050, "Fractional Timestamp", Operations.R, Type.FLOAT);
            b.single(6042, "Measurement Quality Indicator", Operations.R, Type.INTEGER);
            b.single(6049, "Measurement Quality Level", Operations.R, Type.INTEGER);
        }
        return b.object(TEMPERATURE, "Temperature", version, "1.0");
    }

    static ObjectModel testObject() {
        Builder b = new Builder();
        b.single(0, "Reset values", Operations.E, Type.NONE);
        b.single(1, "Randomize values", Operations.E, Type.NONE);
        b.single(2, "Clear values", Operations.E, Type.NONE);
        b.single(3, "Exec With Arguments", Operations.E, Type.NONE);
        b.multiple(4, "Arguments List", Operations.R, Type.STRING);
        b.single(5, "Send Data", Operations.E, Type.NONE);
        b.multiple(6, "Resources to Send", Operations.RW, Type.STRING);
        Map<Integer, Type> types = new LinkedHashMap<>();
        types.put(110, Type.STRING);
        types.put(120, Type.INTEGER);
        types.put(125, Type.UNSIGNED_INTEGER);
        types.put(130, Type.FLOAT);
        types.put(140, Type.BOOLEAN);
        types.put(150, Type.OPAQUE);
        types.put(160, Type.TIME);
        types.put(170, Type.OBJLNK);
        types.put(180, Type.CORELINK);
        types.forEach((id, type) -> {
            b.single(id, type + " Value", Operations.RW, type);
            b.multiple(1000 + id, "Multiple " + type + " Value", Operations.RW, type);
        });
        return b.object(TEST_OBJECT, "LwM2M v1.1 Test Object", "1.0", "1.1");
    }

    private static final class Builder {
        private final List<ResourceModel> resources = new ArrayList<>();

        void single(int id, String name, Operations operations, Type type) {
            resources.add(new ResourceModel(id, name, operations, false, false, type, "", "", ""));
        }

        void mandatory(int id, String name, Operations operations, Type type) {
            resources.add(new ResourceModel(id, name, operations, false, true, type, "", "", ""));
        }

        void multiple(int id, String name, Operations operations, Type type) {
            resources.add(new ResourceModel(id, name, operations, true, false, type, "", "", ""));
        }

        ObjectModel object(int id, String name, String version, String lwm2mVersion) {
            return new ObjectModel(
                    id, name, "", version, true, false, resources, "urn:oma:lwm2m:ext:" + id, lwm2mVersion, "");
        }
    }
}
