package lwm2msim.interop.conformance;

import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.link.lwm2m.LwM2mLink;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.util.datatype.ULong;

/** The facts of the profiles of conformance.yaml, and values to write to their instance of object 3442. */
final class TestDevice {
    /** What the profiles list under `formats:`; the others are refused with 4.06 and 4.15. */
    private static final Set<ContentFormat> FORMATS = Set.of(ContentFormat.TLV, ContentFormat.JSON,
            ContentFormat.SENML_JSON, ContentFormat.SENML_CBOR, ContentFormat.TEXT, ContentFormat.OPAQUE,
            ContentFormat.CBOR);
    private static final Set<ContentFormat> FORMATS_10 = Set.of(ContentFormat.TLV, ContentFormat.JSON,
            ContentFormat.TEXT, ContentFormat.OPAQUE);

    static final List<ContentFormat> TREE_FORMATS = List.of(ContentFormat.TLV, ContentFormat.JSON,
            ContentFormat.SENML_JSON, ContentFormat.SENML_CBOR);
    static final String TEST = "/3442/0";
    static final int MULTIPLE = 1000; // added to a single resource's id

    /** One value of each type that object 3442 has, by the id of its single resource. */
    static final Map<Integer, Object> VALUES = values("written \u00e9\u4e16", -1234567890123L,
            ULong.valueOf(Long.MAX_VALUE), -2.5e-3, false, new byte[] {0, 1, (byte) 0xfe, (byte) 0xff},
            new Date(1_700_000_000_000L), new ObjectLink(3303, 0), "/3303/0");
    static final Map<Integer, Object> OTHER_VALUES = values("other", 127L, ULong.valueOf(0), 1234.5, true,
            new byte[] {42}, new Date(1_000_000_000_000L), new ObjectLink(3, 0), "/3/0");

    private TestDevice() {
    }

    static Set<ContentFormat> promised(boolean version10) {
        return version10 ? FORMATS_10 : FORMATS;
    }

    private static Map<Integer, Object> values(String string, long integer, ULong unsigned, double number,
            boolean truth, byte[] bytes, Date time, ObjectLink object, String link) {
        Map<Integer, Object> all = new LinkedHashMap<>();
        all.put(110, string);
        all.put(120, integer);
        all.put(125, unsigned);
        all.put(130, number);
        all.put(140, truth);
        all.put(150, bytes);
        all.put(160, time);
        all.put(170, object);
        all.put(180, new Link[] { new LwM2mLink(null, new LwM2mPath(link)) });
        return all;
    }

    static Type type(int single) {
        return switch (single) {
        case 110 -> Type.STRING;
        case 120 -> Type.INTEGER;
        case 125 -> Type.UNSIGNED_INTEGER;
        case 130 -> Type.FLOAT;
        case 140 -> Type.BOOLEAN;
        case 150 -> Type.OPAQUE;
        case 160 -> Type.TIME;
        case 170 -> Type.OBJLNK;
        case 180 -> Type.CORELINK;
        default -> throw new IllegalArgumentException("no type for " + single);
        };
    }

    static LwM2mSingleResource single(int id, Object value) {
        return LwM2mSingleResource.newResource(id, value, type(id));
    }

    /** The multiple resource beside a single one, with these instances. */
    static LwM2mResource multiple(int single, Map<Integer, Object> instances) {
        return LwM2mMultipleResource.newResource(single + MULTIPLE, instances, type(single));
    }

    static String path(int resource) {
        return TEST + "/" + resource;
    }
}
