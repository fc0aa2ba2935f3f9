package lwm2msim.interop.conformance;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.CoapExchange;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;

import lwm2msim.interop.LeshanPeer;
import lwm2msim.interop.Unmet;

/**
 * Firmware update (object 5, Core E.6): pushed block by block, pulled from this server, and the failures that are told
 * by result. Afterwards the device runs the version that its profile makes of the image's SHA-256.
 */
final class FirmwareCases {
    private static final int IMAGE_SIZE = 200 * 1024;
    private static final long WITHIN_MS = 60_000;

    private static final long IDLE = 0;
    private static final long DOWNLOADING = 1;
    private static final long DOWNLOADED = 2;
    private static final long UPDATING = 3;
    private static final long NO_RESULT = 0;
    private static final long SUCCESS = 1;
    private static final long INVALID_URI = 7;
    private static final long UNSUPPORTED_PROTOCOL = 9;

    private FirmwareCases() {}

    static List<Case> all(LeshanPeer peer) {
        return List.of(new Case("firmware/update-out-of-order-is-4.05",
                               d -> {
                                   d.needs(5);
                                   d.ask(new ExecuteRequest("/5/0/2"), ResponseCode.METHOD_NOT_ALLOWED);
                               }),
                new Case("firmware/push-and-update", FirmwareCases::push),
                new Case("firmware/pull-and-update", d -> pull(d, peer)),
                new Case("firmware/empty-uri-resets", FirmwareCases::reset),
                new Case("firmware/uri-that-is-not-there-is-result-7",
                        d -> failedPull(d, peer.uri() + "/not-there", INVALID_URI)),
                new Case("firmware/unknown-scheme-is-result-9",
                        d -> failedPull(d, "gopher://127.0.0.1/image", UNSUPPORTED_PROTOCOL)));
    }

    private static byte[] image(int seed) {
        byte[] image = new byte[IMAGE_SIZE];
        new Random(seed).nextBytes(image);
        return image;
    }

    /** What the simulator calls a version that no package names: the first digits of the package's digest. */
    private static String version(byte[] image) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(image);
            return HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void push(Device d) throws InterruptedException {
        d.needs(5);
        startFromIdle(d);
        byte[] image = image(5);
        SingleObservation states = d.observe("/5/0/3");
        d.write(Mode.REPLACE, ContentFormat.OPAQUE, "/5/0/0", LwM2mSingleResource.newBinaryResource(0, image));
        update(d, states, "pushed", image);
    }

    private static void pull(Device d, LeshanPeer peer) throws InterruptedException {
        d.needs(5);
        startFromIdle(d);
        byte[] image = image(6);
        Image resource = new Image("firmware-" + d.member().endpoint(), image);
        peer.coap().add(resource);
        try {
            SingleObservation states = d.observe("/5/0/3");
            writeUri(d, peer.uri() + "/" + resource.getName());
            await(d, "/5/0/3", DOWNLOADED);
            Unmet.expect(resource.asked, "downloaded without asking", resource.getName());
            update(d, states, "pulled", image);
        } finally {
            peer.coap().remove(resource);
        }
    }

    /** From Downloaded through Updating and the reboot to Idle with success; every state is told on its way. */
    private static void update(Device d, SingleObservation states, String how, byte[] image)
            throws InterruptedException {
        await(d, "/5/0/3", DOWNLOADED);
        d.expectValue("/5/0/5", NO_RESULT);
        expectTold(d, states, DOWNLOADING);
        expectTold(d, states, DOWNLOADED);
        int registrations = d.member().registrations();
        d.execute("/5/0/2", null);
        expectTold(d, states, UPDATING);
        await(d, "/5/0/3", IDLE);
        d.expectValue("/5/0/5", SUCCESS);
        Unmet.expect(d.member().registrations() > registrations, "no new registration after the update", registrations);
        d.expectValue("/3/0/3", version(image));
        d.forget(states);
        System.out.println("firmware " + d.member().endpoint() + " " + how + " " + image.length
                + " bytes: told Downloading, Downloaded, Updating; registered anew; Idle, result 1, version "
                + version(image));
    }

    private static void expectTold(Device d, SingleObservation states, long state) throws InterruptedException {
        Unmet.expectEqual(state, d.next(states, WITHIN_MS), "state that is notified next");
    }

    private static void reset(Device d) throws InterruptedException {
        d.needs(5);
        startFromIdle(d);
        d.write(Mode.REPLACE, ContentFormat.OPAQUE, "/5/0/0", LwM2mSingleResource.newBinaryResource(0, image(7)));
        await(d, "/5/0/3", DOWNLOADED);
        writeUri(d, "");
        await(d, "/5/0/3", IDLE);
        d.expectValue("/5/0/5", NO_RESULT);
    }

    private static void failedPull(Device d, String uri, long result) throws InterruptedException {
        d.needs(5);
        startFromIdle(d);
        writeUri(d, uri);
        await(d, "/5/0/5", result);
        d.expectValue("/5/0/3", IDLE);
    }

    private static void startFromIdle(Device d) throws InterruptedException {
        writeUri(d, "");
        await(d, "/5/0/3", IDLE);
    }

    private static void writeUri(Device d, String uri) throws InterruptedException {
        d.replace("/5/0/1", LwM2mSingleResource.newStringResource(1, uri));
    }

    /**
     * Reads until the value is there; while the device reboots it does not answer, or answers from its new
     * registration.
     */
    private static void await(Device d, String path, long wanted) throws InterruptedException {
        long end = System.nanoTime() + WITHIN_MS * 1_000_000;
        Object value = null;
        while (System.nanoTime() < end) {
            try {
                value = d.value(path);
                if (value.equals(wanted)) {
                    return;
                }
            } catch (Unmet rebooting) {
                value = rebooting.getMessage();
            }
            Thread.sleep(250);
        }
        throw new Unmet(path + " does not become " + wanted, "last " + value);
    }

    private static final class Image extends CoapResource {
        private final byte[] bytes;
        volatile boolean asked;

        Image(String name, byte[] bytes) {
            super(name);
            this.bytes = bytes;
        }

        @Override
        public void handleGET(CoapExchange exchange) {
            asked = true;
            exchange.respond(CoAP.ResponseCode.CONTENT, bytes, 42);
        }
    }
}
