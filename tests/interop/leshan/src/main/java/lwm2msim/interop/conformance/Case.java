package lwm2msim.interop.conformance;

import java.util.Set;

import org.eclipse.leshan.core.request.ContentFormat;

/** One thing that a device must do. The name says what holds: "group/what", or "group/what-as-FORMAT". */
record Case(String name, Body body) {
    interface Body {
        /** Unmet fails, Skip skips, any other exception fails. */
        void run(Device device) throws Exception;
    }

    /**
     * False for a case in a format that the profile does not promise: that such a format is refused is a case of its
     * own.
     */
    boolean concerns(Set<ContentFormat> promised) {
        for (ContentFormat format : ContentFormat.knownContentFormat) {
            if (name.endsWith("-as-" + format.getName())) {
                return promised.contains(format);
            }
        }
        return true;
    }
}
