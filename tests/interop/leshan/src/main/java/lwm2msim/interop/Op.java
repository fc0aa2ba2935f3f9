package lwm2msim.interop;

import org.eclipse.leshan.core.request.CancelCompositeObservationRequest;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteCompositeRequest;
import org.eclipse.leshan.core.request.WriteRequest;

/** The operations of device management, named as the simulator names them in its result and metrics. */
public enum Op {
    READ("read", "reads"),
    WRITE("write", "writes"),
    EXECUTE("execute", "executes"),
    OBSERVE("observe", "observes"),
    CANCEL_OBSERVE("cancel_observe", "observe_cancels"),
    DISCOVER("discover", "discovers"),
    CREATE("create", "creates"),
    DELETE("delete", "deletes"),
    WRITE_ATTRIBUTES("write_attributes", "attribute_writes"),
    READ_COMPOSITE("read_composite", "composite_reads"),
    WRITE_COMPOSITE("write_composite", "composite_writes"),
    OBSERVE_COMPOSITE("observe_composite", "composite_observes"),
    CANCEL_OBSERVE_COMPOSITE("cancel_observe", "composite_observe_cancels");

    public final String name;
    public final String plural;

    Op(String name, String plural) {
        this.name = name;
        this.plural = plural;
    }

    public static Op of(DownlinkDeviceManagementRequest<?> request) {
        if (request instanceof ReadRequest) {
            return READ;
        } else if (request instanceof WriteRequest) {
            return WRITE;
        } else if (request instanceof ExecuteRequest) {
            return EXECUTE;
        } else if (request instanceof ObserveRequest) {
            return OBSERVE;
        } else if (request instanceof CancelObservationRequest) {
            return CANCEL_OBSERVE;
        } else if (request instanceof DiscoverRequest) {
            return DISCOVER;
        } else if (request instanceof CreateRequest) {
            return CREATE;
        } else if (request instanceof DeleteRequest) {
            return DELETE;
        } else if (request instanceof WriteAttributesRequest) {
            return WRITE_ATTRIBUTES;
        } else if (request instanceof ReadCompositeRequest) {
            return READ_COMPOSITE;
        } else if (request instanceof WriteCompositeRequest) {
            return WRITE_COMPOSITE;
        } else if (request instanceof ObserveCompositeRequest) {
            return OBSERVE_COMPOSITE;
        } else if (request instanceof CancelCompositeObservationRequest) {
            return CANCEL_OBSERVE_COMPOSITE;
        }
        throw new IllegalArgumentException("no operation for " + request);
    }
}
