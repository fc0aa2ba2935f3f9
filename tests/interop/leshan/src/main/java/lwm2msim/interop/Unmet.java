package lwm2msim.interop;

/** An expectation that a device did not meet: the cause is the same for all devices, the detail names this one. */
public final class Unmet extends RuntimeException {
    private final String cause;

    public Unmet(String cause, String detail) {
        super(cause + ": " + detail);
        this.cause = cause;
    }

    /** Without endpoint, value or number, so that two thousand failures of one kind are one line. */
    public String cause() {
        return cause;
    }

    public static void expect(boolean holds, String cause, Object detail) {
        if (!holds) {
            throw new Unmet(cause, String.valueOf(detail));
        }
    }

    public static void expectEqual(Object expected, Object actual, String cause) {
        boolean same = expected == null ? actual == null : expected.equals(actual);
        expect(same, cause, "expected " + expected + ", got " + actual);
    }
}
