package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.ObservationIdentifier;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.SendRequest;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.send.SendListener;

import lwm2msim.interop.Unmet;

/** What devices send by themselves, in order: notifications by observation, Sends by device. */
final class Inbox implements ObservationListener, SendListener {
    /** A notification or its error, and when it came (System.nanoTime). */
    record Notification(long at, ReadResponse single, ObserveCompositeResponse composite, Exception error) {}

    private final Map<ObservationIdentifier, BlockingQueue<Notification>> notifications = new ConcurrentHashMap<>();
    private final Map<String, BlockingQueue<TimestampedLwM2mNodes>> sends = new ConcurrentHashMap<>();

    void watch(LeshanServer server) {
        server.getObservationService().addListener(this);
        server.getSendService().addListener(this);
    }

    /** The next notification; Unmet when none comes within the time. */
    Notification next(Observation observation, long withinMs) throws InterruptedException {
        Notification n = queue(observation).poll(withinMs, TimeUnit.MILLISECONDS);
        Unmet.expect(n != null, "no notification in time", withinMs + " ms, " + observation);
        if (n.error() != null) {
            throw new Unmet("a notification that cannot be read", n.error().getMessage() + ": " + n.error().getCause());
        }
        return n;
    }

    /** True when none comes within the time. */
    boolean silent(Observation observation, long forMs) throws InterruptedException {
        return queue(observation).poll(forMs, TimeUnit.MILLISECONDS) == null;
    }

    /** All that came so far, taken out. */
    List<Notification> drain(Observation observation) {
        List<Notification> all = new ArrayList<>();
        queue(observation).drainTo(all);
        return all;
    }

    TimestampedLwM2mNodes nextSend(String endpoint, long withinMs) throws InterruptedException {
        TimestampedLwM2mNodes data = sendsOf(endpoint).poll(withinMs, TimeUnit.MILLISECONDS);
        Unmet.expect(data != null, "no Send in time", withinMs + " ms");
        return data;
    }

    void forgetSends(String endpoint) {
        sendsOf(endpoint).clear();
    }

    boolean noSend(String endpoint, long forMs) throws InterruptedException {
        return sendsOf(endpoint).poll(forMs, TimeUnit.MILLISECONDS) == null;
    }

    private BlockingQueue<Notification> queue(Observation observation) {
        return notifications.computeIfAbsent(observation.getId(), id -> new LinkedBlockingQueue<>());
    }

    private BlockingQueue<TimestampedLwM2mNodes> sendsOf(String endpoint) {
        return sends.computeIfAbsent(endpoint, e -> new LinkedBlockingQueue<>());
    }

    @Override
    public void onResponse(SingleObservation observation, Registration registration, ObserveResponse response) {
        queue(observation).add(new Notification(System.nanoTime(), response, null, null));
    }

    @Override
    public void onResponse(
            CompositeObservation observation, Registration registration, ObserveCompositeResponse response) {
        queue(observation).add(new Notification(System.nanoTime(), null, response, null));
    }

    @Override
    public void onError(Observation observation, Registration registration, Exception error) {
        queue(observation).add(new Notification(System.nanoTime(), null, null, error));
    }

    @Override
    public void dataReceived(Registration registration, TimestampedLwM2mNodes data, SendRequest request) {
        sendsOf(registration.getEndpoint()).add(data);
    }

    @Override
    public void onError(Registration registration, String errorMessage, Exception error) {
        System.err.println("judge: a Send that cannot be read: " + errorMessage + ": " + error);
    }

    @Override
    public void newObservation(Observation observation, Registration registration) {}

    @Override
    public void cancelled(Observation observation) {}
}
