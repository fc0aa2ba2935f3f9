package lwm2msim.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The simulator as a child process; `hold` null: as long as the scenario says. Its output goes to DIR/simulator.log; closing kills it. */
public final class SimulatorProcess implements AutoCloseable {
    private final Process process;
    private final Path log;

    public SimulatorProcess(String program, Path scenario, String target, int devices, String hold, Path out,
            List<String> extra) throws IOException {
        log = out.resolve("simulator.log");
        List<String> command = new ArrayList<>(List.of(program, "run", scenario.toString(), "-t", target, "-n",
                Integer.toString(devices), "--out", out.toString()));
        if (hold != null) {
            command.addAll(List.of("--for", hold));
        }
        command.addAll(extra);
        System.err.println("judge: " + String.join(" ", command));
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    public boolean gone() {
        return !process.isAlive();
    }

    /** The first SIGINT asks the simulator to drain: every device de-registers, then it reports and ends. */
    public void interrupt() throws IOException, InterruptedException {
        // Process.destroy sends SIGTERM, and Java has no other signal.
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).inheritIO().start().waitFor();
    }

    /** The exit code, or -1 when the process was still running at the end of the time. */
    public int waitFor(long seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    /** Has the simulator drain, and counts it as a failure when it does not end as one that was interrupted. */
    public void leave(Counts counts) throws IOException, InterruptedException {
        interrupt();
        int code = waitFor(60);
        if (code != 105 && code != 98) {
            counts.fail("simulator: exit code", code + ": " + lastLines(5));
        }
    }

    public String lastLines(int n) {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - n), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
