package lwm2msim.interop;

import java.util.concurrent.CompletableFuture;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;

/** Sends requests to devices through Leshan's asynchronous interface and counts every answer by operation and code. */
public final class Downlink {
    private final LeshanServer server;
    private final Counts counts;
    private final long timeoutMs;

    /** The timeout is that of the whole exchange, Californium's retransmissions (2 s, doubling) included. */
    public Downlink(LeshanServer server, Counts counts, long timeoutMs) {
        this.server = server;
        this.counts = counts;
        this.timeoutMs = timeoutMs;
    }

    /** The future ends with the answer, whatever its code, or with the reason why there was none. */
    public <T extends LwM2mResponse> CompletableFuture<T> ask(
            Member device, DownlinkDeviceManagementRequest<T> request) {
        Op op = Op.of(request);
        CompletableFuture<T> answer = new CompletableFuture<>();
        try {
            server.send(device.registration(), request, timeoutMs,
                    response -> {
                        counts.add(op.plural);
                        counts.add(answerKey(op, response.getCode()));
                        answer.complete(response);
                    },
                    error -> {
                        counts.add("unanswered");
                        answer.completeExceptionally(
                                new Unmet(op.name + " ended with " + error.getClass().getSimpleName(),
                                        request + ": " + error.getMessage()));
                    });
        } catch (RuntimeException refusedBeforeSending) {
            answer.completeExceptionally(refusedBeforeSending);
        }
        return answer;
    }

    /** As ask, and the answer must have this code. */
    public <T extends LwM2mResponse> CompletableFuture<T> ask(
            Member device, DownlinkDeviceManagementRequest<T> request, ResponseCode expected) {
        return ask(device, request).thenApply(response -> {
            Unmet.expect(expected.equals(response.getCode()),
                    Op.of(request).name + " answered " + dotted(response.getCode()) + " instead of " + dotted(expected),
                    request + " " + response.getErrorMessage());
            return response;
        });
    }

    public CompletableFuture<ReadResponse> read(Member device, String path) {
        return ask(device, new ReadRequest(path), ResponseCode.CONTENT);
    }

    /** The answers so far, by "op code", e.g. "read 4.04". */
    public static String answerKey(Op op, ResponseCode code) {
        return "answer " + op.name + " " + dotted(code);
    }

    public static String dotted(ResponseCode code) {
        return String.format("%d.%02d", code.getCode() / 100, code.getCode() % 100);
    }
}
