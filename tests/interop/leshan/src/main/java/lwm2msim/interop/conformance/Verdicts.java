package lwm2msim.interop.conformance;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What became of every case on every device. */
final class Verdicts {
    enum Outcome {
        PASSED,
        FAILED,
        SKIPPED,
        /** Failed, as the peer is known to: only in the self-test. */
        KNOWN
    }

    record Verdict(String device, String name, Outcome outcome, String reason) {}

    private final Map<String, String> known;
    private final List<Verdict> verdicts = new ArrayList<>();

    /** `known`: names of cases that this peer fails, with the reason. */
    Verdicts(Map<String, String> known) {
        this.known = known;
    }

    void passed(String device, String name) {
        add(known.containsKey(name)
                        ? new Verdict(device, name, Outcome.FAILED, "passed, though known to fail: " + known.get(name))
                        : new Verdict(device, name, Outcome.PASSED, ""));
    }

    void failed(String device, String name, String reason) {
        add(known.containsKey(name) ? new Verdict(device, name, Outcome.KNOWN, known.get(name))
                                    : new Verdict(device, name, Outcome.FAILED, reason));
    }

    void skipped(String device, String name, String reason) {
        add(new Verdict(device, name, Outcome.SKIPPED, reason));
    }

    private synchronized void add(Verdict verdict) {
        verdicts.add(verdict);
        String reason = verdict.reason().isEmpty() ? "" : ": " + verdict.reason();
        System.out.println(
                verdict.outcome().name().toLowerCase() + " " + verdict.device() + " " + verdict.name() + reason);
    }

    long count(Outcome outcome) {
        return verdicts.stream().filter(v -> v.outcome() == outcome).count();
    }

    /** Why cases were skipped, and how many for each reason. */
    Map<String, Long> skips() {
        Map<String, Long> reasons = new TreeMap<>();
        verdicts.stream()
                .filter(v -> v.outcome() == Outcome.SKIPPED)
                .forEach(v -> reasons.merge(v.reason(), 1L, Long::sum));
        return reasons;
    }

    /** The table at the end: every failure and every reason to skip, and the sums. */
    void print(PrintStream out) {
        out.println();
        verdicts.stream()
                .filter(v -> v.outcome() == Outcome.FAILED)
                .forEach(v -> out.println("failed   " + v.device() + " " + v.name() + ": " + v.reason()));
        skips().forEach((reason, n) -> out.println("skipped  " + n + " x " + reason));
        out.println("passed " + count(Outcome.PASSED) + ", failed " + count(Outcome.FAILED) + ", skipped "
                + count(Outcome.SKIPPED)
                + (count(Outcome.KNOWN) == 0 ? "" : ", known to fail " + count(Outcome.KNOWN)));
    }

    void write(Path file) throws IOException {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode root = mapper.createObjectNode();
        for (Outcome outcome : Outcome.values()) {
            root.put(outcome.name().toLowerCase(), count(outcome));
        }
        ArrayNode cases = root.putArray("cases");
        for (Verdict v : verdicts) {
            cases.addObject()
                    .put("device", v.device())
                    .put("name", v.name())
                    .put("outcome", v.outcome().name().toLowerCase())
                    .put("reason", v.reason());
        }
        mapper.writeValue(file.toFile(), root);
    }
}
