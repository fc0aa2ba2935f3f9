package lwm2msim.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import lwm2msim.interop.conformance.ConformanceRun;
import lwm2msim.interop.load.LoadRun;
import lwm2msim.interop.secure.CertificateRun;
import lwm2msim.interop.secure.RebindingRun;

/**
 * Starts a Leshan server and the simulator, asks the devices everything, and says from the server's side whether they
 * did right. Standard output has the counts as `name value` lines; DIR/judge.json has the same and all failures. Exit
 * code: 0 all holds, 1 something does not, 2 wrong usage.
 */
public final class LeshanJudge {
    private static final List<String> COUNTS = List.of("registered", "reregistered", "expired", "updates",
            "observations", "reads", "writes", "executes", "observes", "discovers", "notifications", "deregistered",
            "devices_read_whole", "devices_written_alone", "unanswered");

    private static final List<String> CASES = List.of("cases_passed", "cases_failed", "cases_skipped", "cases_known");

    private static final List<String> SESSIONS =
            List.of("registered", "reregistered", "updates", "reads", "same_session", "resumed", "full", "unanswered");

    private LeshanJudge() {}

    public static void main(String[] arguments) throws Exception {
        Options options;
        try {
            options = Options.parse(List.of(arguments));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        if (options.help) {
            System.out.print(Options.USAGE);
            return;
        }
        if (options.out == null) {
            options.out = Files.createTempDirectory("leshan-judge-");
        }
        Files.createDirectories(options.out);
        if (!Files.isExecutable(Path.of(options.simulator))) {
            System.err.println(options.simulator + " is not there or no program; build it, or say --simulator PROGRAM");
            System.exit(2);
        }
        System.exit(judge(options) ? 0 : 1);
    }

    private static boolean judge(Options options) throws IOException, InterruptedException {
        Counts counts = new Counts();
        if (options.rebinding != null) {
            new RebindingRun(options, counts, options.rebinding.equals("cid")).run();
            report(options, counts, null);
            return counts.failures() == 0;
        }
        if (options.certificates != null) {
            new CertificateRun(options, counts).run();
            report(options, counts, null);
            return counts.failures() == 0;
        }
        try (LeshanPeer peer = new LeshanPeer(options.port, counts)) {
            peer.start();
            try (SimulatorProcess simulator = new SimulatorProcess(options.simulator, options.scenario, peer.uri(),
                         options.devices, options.hold, options.out, options.extra)) {
                if (options.conformance) {
                    new ConformanceRun(options, counts, peer, simulator).run();
                } else {
                    new LoadRun(options, counts, peer, simulator).run();
                }
            }
            report(options, counts, peer.wire());
        }
        return counts.failures() == 0;
    }

    private static void report(Options options, Counts counts, WireCounts wire) throws IOException {
        List<String> names = options.rebinding != null || options.certificates != null ? SESSIONS : options.conformance ? CASES : COUNTS;
        counts.named(names).forEach((name, value) -> System.out.println(name + " " + value));
        System.out.println("failures " + counts.failures());
        counts.causes()
                .stream()
                .limit(Counts.NAMED_CAUSES)
                .forEach(f
                        -> System.out.println(
                                "failure " + f.count() + " x " + f.cause() + " (first: " + f.first() + ")"));
        writeJson(options.out.resolve("judge.json"), names, counts, wire);
    }

    private static void writeJson(Path file, List<String> names, Counts counts, WireCounts wire) throws IOException {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        ObjectNode root = mapper.createObjectNode();
        put(root.putObject("counts"), counts.named(names));
        put(root.putObject("answers"), counts.startingWith("answer "));
        if (wire != null) {
            put(root.putObject("wire"), wire.all());
        }
        root.put("failures", counts.failures());
        ArrayNode causes = root.putArray("causes");
        for (Counts.Failure f : counts.causes()) {
            causes.addObject().put("cause", f.cause()).put("count", f.count()).put("first", f.first());
        }
        mapper.writeValue(file.toFile(), root);
    }

    private static void put(ObjectNode node, Map<String, Long> values) {
        values.forEach(node::put);
    }
}
