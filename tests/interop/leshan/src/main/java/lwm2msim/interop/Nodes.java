package lwm2msim.interop;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

import org.eclipse.californium.core.coap.Response;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.response.LwM2mResponse;

/** Leshan's trees of values as plain maps from path to value, which can be compared and printed. */
public final class Nodes {
    private Nodes() {}

    /** "/3/0/0" to "Acme"; resources with instances appear as "/3/0/6/0". The path is that of the node itself. */
    public static Map<String, Object> flatten(String path, LwM2mNode node) {
        Map<String, Object> flat = new TreeMap<>();
        collect(path, node, flat);
        return flat;
    }

    private static void collect(String path, LwM2mNode node, Map<String, Object> flat) {
        if (node instanceof LwM2mObject object) {
            object.getInstances().forEach((id, child) -> collect(path + "/" + id, child, flat));
        } else if (node instanceof LwM2mObjectInstance instance) {
            instance.getResources().forEach((id, child) -> collect(path + "/" + id, child, flat));
        } else if (node instanceof LwM2mResource resource) {
            if (resource.isMultiInstances()) {
                resource.getInstances().forEach((id, child) -> flat.put(path + "/" + id, comparable(child.getValue())));
            } else {
                flat.put(path, comparable(resource.getValue()));
            }
        } else if (node instanceof LwM2mResourceInstance instance) {
            flat.put(path, comparable(instance.getValue()));
        } else {
            throw new Unmet("a tree with a strange node", path + ": " + node);
        }
    }

    /** Equal by equals() when equal by meaning: arrays are turned into text. */
    public static Object comparable(Object value) {
        if (value instanceof byte[] bytes) {
            return "bytes " + HexFormat.of().formatHex(bytes);
        } else if (value instanceof Link[] links) {
            return "links " + Arrays.toString(links);
        }
        return value;
    }

    /** The value of a single resource or of one resource instance. */
    public static Object single(LwM2mNode node) {
        if (node instanceof LwM2mResource resource && !resource.isMultiInstances()) {
            return comparable(resource.getValue());
        } else if (node instanceof LwM2mResourceInstance instance) {
            return comparable(instance.getValue());
        }
        throw new Unmet("not a single value", String.valueOf(node));
    }

    public static Response coap(LwM2mResponse response) {
        return (Response) response.getCoapResponse();
    }

    public static int contentFormat(LwM2mResponse response) {
        return coap(response).getOptions().getContentFormat();
    }
}
