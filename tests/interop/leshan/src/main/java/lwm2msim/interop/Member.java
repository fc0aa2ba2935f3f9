package lwm2msim.interop;

import java.util.concurrent.atomic.AtomicInteger;

import org.eclipse.leshan.server.registration.Registration;

/** One device as the server knows it. The registration changes with each Update, so always ask for it anew. */
public final class Member {
    private final String endpoint;
    private volatile Registration registration;
    private volatile boolean registered = true;
    final AtomicInteger registrations = new AtomicInteger();
    final AtomicInteger updates = new AtomicInteger();
    final AtomicInteger notifications = new AtomicInteger();

    Member(Registration registration) {
        this.endpoint = registration.getEndpoint();
        this.registration = registration;
    }

    public String endpoint() {
        return endpoint;
    }

    public Registration registration() {
        return registration;
    }

    public boolean registered() {
        return registered;
    }

    public int updates() {
        return updates.get();
    }

    public int registrations() {
        return registrations.get();
    }

    public int notifications() {
        return notifications.get();
    }

    void renew(Registration current) {
        registration = current;
        registered = true;
    }

    void leave() {
        registered = false;
    }

    @Override
    public String toString() {
        return endpoint;
    }
}
