package lwm2msim.interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What the server's side saw, by name, and what went wrong, by cause. Safe for all threads. */
public final class Counts {
    /** How many causes are named in the output; the rest is only counted. */
    public static final int NAMED_CAUSES = 5;

    public record Failure(String cause, long count, String first) {}

    private static final class Tally {
        final LongAdder count = new LongAdder();
        final String first;

        Tally(String first) {
            this.first = first;
        }
    }

    private final Map<String, LongAdder> totals = new ConcurrentHashMap<>();
    private final Map<String, Tally> failures = new ConcurrentHashMap<>();
    private final List<String> order = new ArrayList<>();

    public void add(String name) {
        add(name, 1);
    }

    public void add(String name, long n) {
        totals.computeIfAbsent(name, k -> new LongAdder()).add(n);
    }

    public long get(String name) {
        LongAdder adder = totals.get(name);
        return adder == null ? 0 : adder.sum();
    }

    /** All totals whose name starts with the prefix, the prefix cut off, sorted. */
    public Map<String, Long> startingWith(String prefix) {
        Map<String, Long> found = new TreeMap<>();
        totals.forEach((name, adder) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), adder.sum());
            }
        });
        return found;
    }

    public void fail(String cause, String detail) {
        Tally tally = failures.computeIfAbsent(cause, k -> {
            synchronized (order) {
                order.add(cause);
            }
            return new Tally(detail);
        });
        tally.count.increment();
    }

    /** Puts an exception down under the check that met it; an Unmet brings its own cause. */
    public void fail(String check, String who, Throwable error) {
        Throwable root = error;
        while (root.getCause() != null && !(root instanceof Unmet)) {
            root = root.getCause();
        }
        String cause = root instanceof Unmet unmet ? unmet.cause() : root.getClass().getSimpleName();
        fail(check + ": " + cause, who + ": " + root.getMessage());
    }

    public long failures() {
        return failures.values().stream().mapToLong(t -> t.count.sum()).sum();
    }

    /** In the order in which the causes first showed. */
    public List<Failure> causes() {
        List<String> seen;
        synchronized (order) {
            seen = List.copyOf(order);
        }
        List<Failure> all = new ArrayList<>();
        for (String cause : seen) {
            Tally tally = failures.get(cause);
            all.add(new Failure(cause, tally.count.sum(), tally.first));
        }
        return all;
    }

    /** Ordered for the eye: these names first, whatever their value. */
    public Map<String, Long> named(List<String> names) {
        Map<String, Long> chosen = new LinkedHashMap<>();
        names.forEach(name -> chosen.put(name, get(name)));
        return chosen;
    }
}
