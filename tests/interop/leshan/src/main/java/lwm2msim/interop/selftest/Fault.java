package lwm2msim.interop.selftest;

/** What is broken on purpose, in device 0 unless said otherwise, so that the judge must find it. */
enum Fault {
    NONE,
    /** Never notifies. */
    SILENT,
    /** Measures more than the profile allows. */
    TOO_HOT,
    /** Does not find a resource that it has. */
    REFUSES_EXECUTE,
    /** Answers the update trigger and sends no Update. */
    IGNORES_TRIGGER,
    /** Does not de-register. */
    STAYS,
    /** All devices: a write also changes the next device. */
    LEAKS_WRITES,
    /** All devices measure the same. */
    COPIES,
    /** result.json has one registration too many. */
    MISCOUNTS
}
