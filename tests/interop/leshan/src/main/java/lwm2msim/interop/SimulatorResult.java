package lwm2msim.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The simulator's own account of the run, from DIR/result.json. This is the one place that knows its keys:
 * operations[] has op, profile, count and by_result (ok and the failures); server_requests[] has op, code and count;
 * conservation has ok.
 */
public final class SimulatorResult {
    private final JsonNode root;

    public SimulatorResult(Path out) throws IOException {
        root = new ObjectMapper().readTree(Files.readString(out.resolve("result.json")));
    }

    /** Operations that the devices began and that ended well, over all profiles. */
    public long ok(String op) {
        long sum = 0;
        for (JsonNode entry : root.path("operations")) {
            if (op.equals(entry.path("op").asText())) {
                sum += entry.path("by_result").path("ok").asLong();
            }
        }
        return sum;
    }

    /** Do all its own laws hold: is every operation and datagram accounted for? */
    public boolean conserved() {
        return root.path("conservation").path("ok").asBoolean();
    }

    /** Requests of the server that the devices answered: "op code" to count, e.g. "read 2.05". */
    public Map<String, Long> serverRequests() {
        Map<String, Long> answers = new TreeMap<>();
        for (JsonNode entry : root.path("server_requests")) {
            long count = entry.path("count").asLong();
            if (count != 0) {
                answers.merge(entry.path("op").asText() + " " + entry.path("code").asText(), count, Long::sum);
            }
        }
        return answers;
    }
}
