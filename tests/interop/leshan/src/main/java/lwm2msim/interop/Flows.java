package lwm2msim.interop;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs one sequence of requests for each of many devices, so many devices at a time. */
public final class Flows {
    /** A sequence of requests to one device, one after the other as NSTART 1 asks (RFC 7252 4.7). */
    public interface Flow {
        CompletableFuture<?> start(Member device);
    }

    private final Counts counts;
    private final int window;
    private final BooleanSupplier simulatorGone;

    public Flows(Counts counts, int window, BooleanSupplier simulatorGone) {
        this.counts = counts;
        this.window = window;
        this.simulatorGone = simulatorGone;
    }

    /** Ends when every flow has ended. A flow that throws is counted as one failure of the check; the others go on. */
    public void forEach(String check, Collection<Member> devices, Flow flow) throws InterruptedException {
        Semaphore free = new Semaphore(window);
        for (Member device : devices) {
            while (!free.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                Unmet.expect(!simulatorGone.getAsBoolean(), "the simulator ended too early", check);
            }
            start(device, flow).whenComplete((ignored, error) -> {
                if (error != null) {
                    counts.fail(check, device.endpoint(), error);
                }
                free.release();
            });
        }
        while (!free.tryAcquire(window, 100, TimeUnit.MILLISECONDS)) {
            Unmet.expect(!simulatorGone.getAsBoolean(), "the simulator ended too early", check);
        }
    }

    private static CompletableFuture<?> start(Member device, Flow flow) {
        try {
            return flow.start(device);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
