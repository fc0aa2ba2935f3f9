package lwm2msim.interop.load;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.request.DiscoverRequest;

import lwm2msim.interop.Downlink;
import lwm2msim.interop.Fleet;
import lwm2msim.interop.Flows;
import lwm2msim.interop.Member;
import lwm2msim.interop.Unmet;

/** Every device tells what it has below an instance and below an object. */
final class DiscoverCheck implements LoadCheck {
    private static final List<String> BELOW_TEMPERATURE =
            List.of("/3303/0", "/3303/0/5700", "/3303/0/5605", "/3303/0/5701", "/3303/0/5750");
    private static final List<String> BELOW_DEVICE = List.of("/3", "/3/0", "/3/0/0", "/3/0/12", "/3/0/15", "/3/0/16");

    private final Fleet fleet;
    private final Downlink downlink;
    private final Flows flows;

    DiscoverCheck(Fleet fleet, Downlink downlink, Flows flows) {
        this.fleet = fleet;
        this.downlink = downlink;
        this.flows = flows;
    }

    @Override
    public String name() {
        return "discover";
    }

    @Override
    public void run() throws InterruptedException {
        flows.forEach(name(), fleet.members(),
                device
                -> discover(device, "/3303/0", BELOW_TEMPERATURE)
                           .thenCompose(done -> discover(device, "/3", BELOW_DEVICE)));
    }

    private CompletableFuture<?> discover(Member device, String path, List<String> expected) {
        return downlink.ask(device, new DiscoverRequest(path), ResponseCode.CONTENT).thenAccept(answer -> {
            Set<String> links =
                    Arrays.stream(answer.getObjectLinks()).map(Link::getUriReference).collect(Collectors.toSet());
            for (String link : expected) {
                Unmet.expect(links.contains(link), "discover " + path + " lacks " + link, links);
            }
            for (String link : links) {
                boolean below = link.equals(path) || link.startsWith(path + "/");
                Unmet.expect(below, "discover " + path + " shows what lies outside", link);
            }
        });
    }
}
