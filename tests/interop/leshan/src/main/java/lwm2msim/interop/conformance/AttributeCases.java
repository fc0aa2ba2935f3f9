package lwm2msim.interop.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.eclipse.californium.core.coap.Request;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.link.lwm2m.LwM2mLink;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttribute;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeModel;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributes;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;

import lwm2msim.interop.Models;
import lwm2msim.interop.Nodes;
import lwm2msim.interop.Unmet;

/**
 * Discover and Write-Attributes, and what the attributes do to notifications (Core 5.1.2, 6.3.2, 6.3.4, 7.3 of 1.2):
 * the judge writes a signal to a float of object 3442 and holds the device to exactly the notifications that must
 * follow.
 */
final class AttributeCases {
    private static final int FLOAT = 130;
    private static final String SIGNAL = TestDevice.path(FLOAT);
    private static final List<LwM2mAttributeModel<?>> NOTIFICATION =
            List.of(LwM2mAttributes.MINIMUM_PERIOD, LwM2mAttributes.MAXIMUM_PERIOD, LwM2mAttributes.GREATER_THAN,
                    LwM2mAttributes.LESSER_THAN, LwM2mAttributes.STEP);

    private AttributeCases() {}

    static List<Case> all() {
        return List.of(new Case("discover/object", d -> discovered(d, "/3", "/3/0", "/3/0/0", "/3/0/15")),
                new Case("discover/instance", d -> discovered(d, "/3303/0", "/3303/0/5700", "/3303/0/5605")),
                new Case("discover/resource", d -> discovered(d, "/3303/0/5700")),
                new Case("discover/missing-is-4.04",
                        d -> d.ask(new DiscoverRequest("/3303/99"), ResponseCode.NOT_FOUND)),
                new Case("discover/dim-of-a-multiple-resource", AttributeCases::dimension),
                new Case("attributes/shown-by-discover-where-they-were-written", AttributeCases::shown),
                new Case("attributes/at-every-level", AttributeCases::everyLevel),
                new Case("discover/an-object-shows-its-own-attributes-only", AttributeCases::ofObject),
                new Case("discover/a-resource-shows-what-it-inherits", AttributeCases::inheritedInDiscover),
                new Case("discover/version-of-an-object", AttributeCases::versionOfObject),
                new Case("attributes/unset-by-an-empty-value", AttributeCases::unset),
                new Case("attributes/missing-path-is-4.04",
                        d
                        -> d.ask(new WriteAttributesRequest("/3303/99",
                                         new LwM2mAttributeSet(
                                                 LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD, 1L))),
                                ResponseCode.NOT_FOUND)),
                new Case("attributes/lt-above-gt-is-4.00", AttributeCases::inconsistent),
                new Case("attributes/gt-is-notified-on-crossing-both-ways",
                        d -> signal(d, 5, List.of(gt(10)), List.of(8.0, 12.0, 15.0, 9.0, 9.5), List.of(12.0, 9.0))),
                new Case("attributes/lt-is-notified-on-crossing-both-ways",
                        d -> signal(d, 15, List.of(lt(10)), List.of(12.0, 8.0, 5.0, 11.0, 10.5), List.of(8.0, 11.0))),
                new Case("attributes/st-is-notified-at-the-step-and-above",
                        d -> signal(d, 0, List.of(st(5)), List.of(3.0, 5.0, 8.0, 1.0, 0.0), List.of(5.0, 0.0))),
                new Case("attributes/gt-with-st-as-in-the-specification",
                        d
                        -> signal(d, 20, List.of(gt(45), st(10)), List.of(35.0, 50.0, 40.0, 35.0, 20.0),
                                List.of(35.0, 50.0, 40.0, 20.0))),
                new Case("attributes/gt-and-lt-make-a-band",
                        d
                        -> signal(d, 20, List.of(lt(10), gt(30)), List.of(15.0, 35.0, 25.0, 5.0, 20.0),
                                List.of(35.0, 25.0, 5.0, 20.0))),
                new Case("attributes/pmin-holds-back", AttributeCases::minimumPeriod),
                new Case("attributes/pmax-notifies-without-a-change", AttributeCases::maximumPeriod),
                new Case("attributes/pmax-of-the-instance-is-inherited", AttributeCases::inherited),
                new Case("attributes/pmax-of-the-object-is-inherited", AttributeCases::inheritedFromObject),
                new Case("attributes/pmax-of-the-resource-wins-over-the-instance", AttributeCases::nearestWins),
                new Case("attributes/pmax-of-a-resource-instance", AttributeCases::ofResourceInstance),
                new Case("attributes/epmin-and-epmax-are-kept", AttributeCases::evaluationPeriods),
                new Case("attributes/default-pmax-of-the-server-object", AttributeCases::defaultMaximumPeriod));
    }

    private static LwM2mAttribute<?> gt(long value) {
        return LwM2mAttributes.create(LwM2mAttributes.GREATER_THAN, value);
    }

    private static LwM2mAttribute<?> lt(long value) {
        return LwM2mAttributes.create(LwM2mAttributes.LESSER_THAN, value);
    }

    private static LwM2mAttribute<?> st(long value) {
        return LwM2mAttributes.create(LwM2mAttributes.STEP, value);
    }

    private static LwM2mAttribute<?> pmax(long seconds) {
        return LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD, seconds);
    }

    private static void discovered(Device d, String path, String... below) throws InterruptedException {
        List<String> links = Arrays.stream(links(d, path)).map(LwM2mLink::getUriReference).toList();
        for (String link : below) {
            Unmet.expect(links.contains(link), "discover lacks " + link, links);
        }
        Unmet.expect(links.contains(path), "discover lacks " + path + " itself", links);
        Unmet.expect(links.stream().allMatch(l -> l.equals(path) || l.startsWith(path + "/")),
                "discover shows what lies outside", links);
    }

    private static LwM2mLink[] links(Device d, String path) throws InterruptedException {
        return d.ask(new DiscoverRequest(path), ResponseCode.CONTENT).getObjectLinks();
    }

    private static LwM2mAttributeSet attributesOf(Device d, String discover, String path) throws InterruptedException {
        for (LwM2mLink link : links(d, discover)) {
            if (link.getUriReference().equals(path)) {
                return link.getAttributes();
            }
        }
        throw new Unmet("discover lacks " + path, discover);
    }

    private static void dimension(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        String path = TestDevice.path(1110);
        d.replace(path, TestDevice.multiple(110, Map.of(0, "a", 4, "b", 9, "c")));
        LwM2mAttribute<Long> dim = attributesOf(d, path, path).getLwM2mAttribute(LwM2mAttributes.DIMENSION);
        Unmet.expect(dim != null, "no dim", path);
        Unmet.expectEqual(3L, dim.getValue(), "dim");
    }

    private static void shown(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442/0", LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD, 900L));
            d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD, 5L), gt(80), lt(20), st(2));
            String at = attributesOf(d, SIGNAL, SIGNAL).toString();
            for (String part : List.of("pmin=5", "gt=", "lt=", "st=")) {
                Unmet.expect(at.contains(part), "discover does not show " + part, at);
            }
            LwM2mAttributeSet shown = attributesOf(d, SIGNAL, SIGNAL);
            Unmet.expect(
                    shown.getLwM2mAttribute(LwM2mAttributes.GREATER_THAN).getValue().doubleValue() == 80, "gt", at);
            Unmet.expect(attributesOf(d, "/3442/0", "/3442/0").toString().contains("pmax=900"),
                    "discover does not show pmax of the instance", "");
        } finally {
            clean(d);
        }
    }

    private static LwM2mAttribute<?> pmin(long seconds) {
        return LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD, seconds);
    }

    private static void everyLevel(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        List<String> levels = new ArrayList<>(List.of("/3442", "/3442/0", SIGNAL));
        if (!d.version10()) {
            levels.add(TestDevice.path(1110) + "/0");
        }
        d.replace(TestDevice.path(1110), TestDevice.multiple(110, Map.of(0, "zero")));
        try {
            for (String path : levels) {
                d.attributes(path, pmin(3), pmax(60));
            }
            for (String path : levels.subList(0, 3)) {
                String shown = attributesOf(d, path, path).toString();
                Unmet.expect(shown.contains("pmin=3") && shown.contains("pmax=60"), "not shown at " + path, shown);
            }
        } finally {
            for (String path : levels) {
                d.attributes(path, LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD),
                        LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD));
            }
        }
    }

    // Core 6.3.2: of an object, the attributes of the object, and no more.
    private static void ofObject(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442", pmax(900));
            d.attributes(SIGNAL, gt(80));
            String object = attributesOf(d, "/3442", "/3442").toString();
            String resource = attributesOf(d, "/3442", SIGNAL).toString();
            Unmet.expect(object.contains("pmax=900"), "not shown at the object", object);
            Unmet.expect(!resource.contains("gt"), "an attribute of a resource is shown", resource);
        } finally {
            clean(d);
        }
    }

    private static void inheritedInDiscover(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442", pmax(900));
            String shown = attributesOf(d, SIGNAL, SIGNAL).toString();
            Unmet.expect(shown.contains("pmax=900"), "the pmax of the object is not shown at its resource", shown);
        } finally {
            clean(d);
        }
    }

    private static void versionOfObject(Device d) throws InterruptedException {
        String shown = attributesOf(d, "/3303", "/3303").toString();
        Unmet.expect(shown.contains("ver=1.1"), "no version of an object that is not 1.0", shown);
    }

    private static void unset(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD, 7L), gt(80));
        clean(d);
        String at = attributesOf(d, SIGNAL, SIGNAL).toString();
        Unmet.expect(!at.contains("pmin") && !at.contains("gt"), "attributes are still there", at);
    }

    private static void inconsistent(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            Request request = Request.newPut(); // Leshan would refuse to send it
            CoapCases.setPath(request, SIGNAL);
            request.getOptions().addUriQuery("lt=30").addUriQuery("gt=10");
            d.expectRaw(request, 400, "code of a Write-Attributes with lt above gt");
        } finally {
            clean(d);
        }
    }

    /** Writes the values one after the other and expects exactly these to be notified. */
    private static void signal(Device d, double start, List<LwM2mAttribute<?>> attributes, List<Double> written,
            List<Double> expected) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        write(d, start);
        try {
            d.attributes(SIGNAL, attributes);
            SingleObservation observation = d.observe(SIGNAL);
            for (double value : written) {
                write(d, value);
                Thread.sleep(300); // a notification is sent at once, so it comes before the next value
            }
            Thread.sleep(ObserveCases.SILENCE_MS);
            List<Object> notified = new ArrayList<>();
            for (Inbox.Notification n : d.inbox().drain(observation)) {
                notified.add(Nodes.single(n.single().getContent()));
            }
            d.cancel(observation);
            Unmet.expectEqual(expected, notified, "notified of " + written + " after " + start);
        } finally {
            clean(d);
        }
    }

    private static void minimumPeriod(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        write(d, 1);
        try {
            d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.MINIMUM_PERIOD, 3L));
            long observed = System.nanoTime();
            SingleObservation observation = d.observe(SIGNAL);
            write(d, 2);
            write(d, 3);
            Inbox.Notification first = d.inbox().next(observation, 6000);
            double after = (first.at() - observed) / 1e9;
            Object value = Nodes.single(first.single().getContent());
            boolean more = !d.inbox().silent(observation, ObserveCases.SILENCE_MS);
            d.cancel(observation);
            // Measured from before the Observe was sent, so the period is never longer than what is measured.
            Unmet.expect(after >= 2.8, "notified before pmin", after + " s");
            Unmet.expectEqual(3.0, value, "the value is the one at the time of sending");
            Unmet.expect(!more, "two values within pmin make two notifications", "");
        } finally {
            clean(d);
        }
    }

    private static void maximumPeriod(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD, 2L));
            expectPeriodic(d, SIGNAL);
        } finally {
            clean(d);
        }
    }

    private static void inherited(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442/0", LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD, 2L));
            expectPeriodic(d, SIGNAL);
        } finally {
            clean(d);
        }
    }

    private static void inheritedFromObject(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442", pmax(2));
            expectPeriodic(d, SIGNAL);
        } finally {
            clean(d);
        }
    }

    private static void nearestWins(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        try {
            d.attributes("/3442/0", pmax(1));
            d.attributes(SIGNAL, pmax(60));
            SingleObservation observation = d.observe(SIGNAL);
            boolean silent = d.inbox().silent(observation, 3500);
            d.cancel(observation);
            Unmet.expect(silent, "notified by the instance's pmax", "pmax=60 at the resource, 1 at the instance");
        } finally {
            clean(d);
        }
    }

    private static void ofResourceInstance(Device d) throws InterruptedException {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
        String path = TestDevice.path(1110) + "/0";
        d.replace(TestDevice.path(1110), TestDevice.multiple(110, Map.of(0, "zero", 1, "one")));
        d.attributes(path, pmax(2));
        try {
            expectPeriodic(d, path);
        } finally {
            d.attributes(path, LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD));
        }
    }

    // They bound when a device looks at its sensor, which nobody outside can see; but it must know them.
    private static void evaluationPeriods(Device d) throws InterruptedException {
        d.needs11();
        d.needs(Models.TEST_OBJECT);
        d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.EVALUATE_MINIMUM_PERIOD, 1L),
                LwM2mAttributes.create(LwM2mAttributes.EVALUATE_MAXIMUM_PERIOD, 9L));
        String at = attributesOf(d, SIGNAL, SIGNAL).toString();
        d.attributes(SIGNAL, LwM2mAttributes.create(LwM2mAttributes.EVALUATE_MINIMUM_PERIOD),
                LwM2mAttributes.create(LwM2mAttributes.EVALUATE_MAXIMUM_PERIOD));
        Unmet.expect(at.contains("epmin=1") && at.contains("epmax=9"), "discover does not show epmin and epmax", at);
    }

    private static void defaultMaximumPeriod(Device d) throws InterruptedException {
        d.needs(Models.TEST_OBJECT);
        d.replace("/1/0/3", LwM2mSingleResource.newIntegerResource(3, 2));
        try {
            expectPeriodic(d, SIGNAL);
        } finally {
            d.replace("/1/0/3", LwM2mSingleResource.newIntegerResource(3, 0)); // none
        }
    }

    /** Three notifications about two seconds apart, nothing having changed. */
    private static void expectPeriodic(Device d, String path) throws InterruptedException {
        SingleObservation observation = d.observe(path);
        try {
            long previous = d.inbox().next(observation, 4000).at();
            for (int i = 0; i < 2; i++) {
                long at = d.inbox().next(observation, 4000).at();
                double apart = (at - previous) / 1e9;
                Unmet.expect(apart > 1.5 && apart < 3, "periodic notifications are not 2 s apart", apart + " s");
                previous = at;
            }
        } finally {
            d.cancel(observation);
        }
    }

    private static void write(Device d, double value) throws InterruptedException {
        d.replace(SIGNAL, LwM2mSingleResource.newFloatResource(FLOAT, value));
    }

    private static void clean(Device d) throws InterruptedException {
        List<LwM2mAttribute<?>> empty = new ArrayList<>();
        for (LwM2mAttributeModel<?> model : NOTIFICATION) {
            empty.add(LwM2mAttributes.create(model));
        }
        d.attributes(SIGNAL, empty);
        d.attributes("/3442/0", LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD));
        d.attributes("/3442", LwM2mAttributes.create(LwM2mAttributes.MAXIMUM_PERIOD));
    }
}
