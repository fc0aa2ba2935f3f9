package lwm2msim.interop.conformance;

/** A case that says nothing about this device, with the reason. */
final class Skip extends RuntimeException {
    Skip(String reason) {
        super(reason);
    }

    static void when(boolean condition, String reason) {
        if (condition) {
            throw new Skip(reason);
        }
    }
}
