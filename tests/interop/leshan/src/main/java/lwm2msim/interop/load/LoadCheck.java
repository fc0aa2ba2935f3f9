package lwm2msim.interop.load;

/** One question to the whole fleet. Failures are counted, not thrown: the next check runs all the same. */
interface LoadCheck {
    String name();

    void run() throws InterruptedException;
}
