package lwm2msim.interop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The judge's command line. */
public final class Options {
    public static final String USAGE = """
            usage: run [options] [-- further arguments for the simulator]
              --simulator PROGRAM  what is judged (default: build/release/lwm2m-sim of this repository)
              --selftest           judge Leshan's own client instead, 100 devices unless told
              --rebinding cid|none  every device gets a new source address, with connection ids or without
              --certificates x509|rpk  devices with certificates or raw public keys, 200 unless told; also with
                                   --rebinding, which has pre-shared keys otherwise
              --conformance        every operation, format and attribute against a few devices, instead of the load run
              --devices N          default 2000, of --conformance 10
              --scenario FILE      default: that of the run in this folder
              --for TIME           the simulator's --for (default 300s; the judge ends the run when its checks are done)
              --drain signal|wait  end the run by SIGINT (default) or wait for the scenario's own drain
              --port P             the server's port on 127.0.0.1 (default: a free one)
              --window N           devices that are asked at the same time (default 200)
              --timeout S          seconds for one exchange (default 45)
              --register-within S  seconds until all must be registered (default 120)
              --out DIR            logs, judge.json and the simulator's result (default: a new folder under /tmp)
              --no-result          the simulator's result.json is not compared with the server's counts
              --only TEXT          conformance: only the cases whose name has this text
              --help               this
            """;

    public String simulator;
    public boolean selftest;
    public boolean conformance;
    public String rebinding;
    public String certificates;
    public int devices = 0;
    public Path home = Path.of(".");
    public Path scenario;
    public String hold = "300s";
    public boolean drainBySignal = true;
    public int port = 0;
    public int window = 200;
    public int timeoutSeconds = 45;
    public int registerWithinSeconds = 120;
    public Path out;
    public boolean compareResult = true;
    public String only = "";
    public boolean help;
    public final List<String> extra = new ArrayList<>();

    /** Throws IllegalArgumentException with the text for the user. */
    public static Options parse(List<String> arguments) {
        Options o = new Options();
        Iterator<String> it = arguments.iterator();
        while (it.hasNext()) {
            String name = it.next();
            switch (name) {
            case "--simulator" -> o.simulator = value(name, it);
            case "--selftest" -> o.selftest = true;
            case "--conformance" -> o.conformance = true;
            case "--rebinding" -> o.rebinding = rebinding(value(name, it));
            case "--certificates" -> o.certificates = certificates(value(name, it));
            case "--devices" -> o.devices = positive(name, it);
            case "--home" -> o.home = Path.of(value(name, it));
            case "--scenario" -> o.scenario = Path.of(value(name, it));
            case "--for" -> o.hold = value(name, it);
            case "--drain" -> o.drainBySignal = drain(value(name, it));
            case "--port" -> o.port = positive(name, it);
            case "--window" -> o.window = positive(name, it);
            case "--timeout" -> o.timeoutSeconds = positive(name, it);
            case "--register-within" -> o.registerWithinSeconds = positive(name, it);
            case "--out" -> o.out = Path.of(value(name, it));
            case "--no-result" -> o.compareResult = false;
            case "--only" -> o.only = value(name, it);
            case "--help" -> o.help = true;
            case "--" -> it.forEachRemaining(o.extra::add);
            default -> throw new IllegalArgumentException("unknown option " + name + "\n" + USAGE);
            }
        }
        if (o.devices == 0 && o.certificates != null) {
            o.devices = 200;
        }
        if (o.devices == 0) {
            o.devices = o.selftest ? (o.conformance ? 1 : 100) : (o.conformance ? 10 : 2000);
        }
        if (o.scenario == null) {
            o.scenario = o.home.resolve(o.rebinding != null      ? "rebinding.yaml"
                            : o.certificates != null ? "certificates.yaml"
                            : o.conformance          ? "conformance.yaml"
                                                     : "load.yaml");
        }
        if (o.simulator == null && !o.help) {
            throw new IllegalArgumentException("--simulator is missing\n" + USAGE);
        }
        return o;
    }

    private static String value(String name, Iterator<String> it) {
        if (!it.hasNext()) {
            throw new IllegalArgumentException(name + " needs a value\n" + USAGE);
        }
        return it.next();
    }

    private static int positive(String name, Iterator<String> it) {
        String text = value(name, it);
        try {
            int n = Integer.parseInt(text);
            if (n > 0) {
                return n;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(name + ": \"" + text + "\" is not a positive number");
    }

    private static String rebinding(String text) {
        if (!text.equals("cid") && !text.equals("none")) {
            throw new IllegalArgumentException("--rebinding: \"" + text + "\" is neither cid nor none");
        }
        return text;
    }

    private static String certificates(String text) {
        if (!text.equals("x509") && !text.equals("rpk")) {
            throw new IllegalArgumentException("--certificates: \"" + text + "\" is neither x509 nor rpk");
        }
        return text;
    }

    private static boolean drain(String text) {
        return switch (text) {
        case "signal" -> true;
        case "wait" -> false;
        default -> throw new IllegalArgumentException("--drain: \"" + text + "\" is neither signal nor wait");
        };
    }
}
