package lwm2msim.interop.selftest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import lwm2msim.interop.Counts;

/**
 * Stands in for the simulator: takes its command line, runs Leshan's own clients, drains at SIGINT, writes result.json.
 * The judge is trusted because it finds these devices good and, by --fault, finds the one that is broken on purpose.
 */
public final class SelfTestFleet {
    private static final int INTERRUPTED = 105;

    private final Counts counts = new Counts();
    private final List<SelfTestDevice> devices = new ArrayList<>();
    private final Path out;
    private final Fault fault;

    private SelfTestFleet(Map<String, String> flags, boolean withTestObject) {
        out = Path.of(flags.get("--out"));
        fault = Fault.valueOf(flags.getOrDefault("--fault", "NONE"));
        int n = Integer.parseInt(flags.get("-n"));
        ScheduledExecutorService shared = Executors.newScheduledThreadPool(4);
        for (int index = 0; index < n; index++) {
            Fault own = index == 0 || fault == Fault.COPIES ? fault : Fault.NONE;
            devices.add(new SelfTestDevice(index, flags.get("-t"), withTestObject, own, counts, shared));
        }
        if (fault == Fault.LEAKS_WRITES) {
            for (int index = 0; index < n; index++) {
                devices.get(index).leakWritesTo(devices.get((index + 1) % n));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> flags = new HashMap<>();
        for (int i = 2; i + 1 < arguments.length; i += 2) {
            flags.put(arguments[i], arguments[i + 1]);
        }
        new SelfTestFleet(flags, arguments[1].contains("conformance")).run();
    }

    private void run() throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::drain));
        for (SelfTestDevice device : devices) {
            device.start();
        }
        for (SelfTestDevice device : devices) {
            device.awaitRegistered();
        }
        ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor();
        ticker.scheduleAtFixedRate(() -> devices.forEach(SelfTestDevice::tick), 2, 2, TimeUnit.SECONDS);
        Thread.sleep(Long.MAX_VALUE);
    }

    private void drain() {
        try {
            devices.parallelStream().forEach(SelfTestDevice::stop);
            writeResult();
        } catch (IOException e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        Runtime.getRuntime().halt(INTERRUPTED);
    }

    private void writeResult() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        ArrayNode operations = root.putArray("operations");
        if (fault == Fault.MISCOUNTS) {
            counts.add("register");
        }
        for (String op : List.of("register", "update", "deregister", "notify")) {
            operations.addObject()
                    .put("op", op)
                    .put("profile", "interop-sensor")
                    .put("count", counts.get(op))
                    .putObject("by_result")
                    .put("ok", counts.get(op));
        }
        ArrayNode requests = root.putArray("server_requests");
        counts.startingWith("answer ").forEach((key, count) -> {
            String[] opAndCode = key.split(" ");
            requests.addObject().put("op", opAndCode[0]).put("code", opAndCode[1]).put("count", count);
        });
        root.putObject("conservation").put("ok", true);
        mapper.writeValue(out.resolve("result.json").toFile(), root);
    }
}
