package lwm2msim.interop.conformance;

/** One thing that a device must do. The name says what holds: "group/what". */
record Case(String name, Body body) {
    interface Body {
        /** Unmet fails, Skip skips, any other exception fails. */
        void run(Device device) throws Exception;
    }
}
