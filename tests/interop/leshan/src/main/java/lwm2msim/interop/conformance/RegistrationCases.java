package lwm2msim.interop.conformance;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.server.registration.Registration;

import lwm2msim.interop.Fleet;
import lwm2msim.interop.Member;
import lwm2msim.interop.Unmet;

/** What Register said, and the Updates that must follow what the server changes (Core 6.2). */
final class RegistrationCases {
    private static final long UPDATE_WITHIN_MS = 10_000;
    private static final int LIFETIME = 1;

    private RegistrationCases() {}

    static List<Case> all() {
        return List.of(new Case("register/binding-and-lifetime", RegistrationCases::parameters),
                new Case("register/object-list", RegistrationCases::objectList),
                new Case("register/update-trigger", RegistrationCases::triggerUpdate),
                new Case("register/lifetime-that-is-written-is-told", RegistrationCases::lifetime));
    }

    private static void parameters(Device d) {
        Registration r = d.member().registration();
        Unmet.expectEqual(Set.of(BindingMode.U), r.getBindingMode(), "binding");
        Unmet.expectEqual(300L, r.getLifeTimeInSec(), "lifetime");
    }

    private static void objectList(Device d) {
        Set<String> links = Arrays.stream(d.member().registration().getObjectLinks())
                                    .map(Link::getUriReference)
                                    .collect(Collectors.toSet());
        for (String instance : List.of("/1/0", "/3/0", "/3303/0")) {
            Unmet.expect(links.contains(instance), "object list lacks an instance", instance + " in " + links);
        }
        Unmet.expect(links.stream().noneMatch(link -> link.matches("/(0|21)(/.*)?")),
                "object list shows objects 0 or 21", links);
    }

    static void triggerUpdate(Device d) throws InterruptedException {
        int before = d.member().updates();
        d.execute("/1/0/8", null);
        awaitUpdate(d.member(), before);
    }

    static void awaitUpdate(Member member, int before) throws InterruptedException {
        boolean came = Fleet.await(UPDATE_WITHIN_MS, () -> member.updates() > before, () -> false);
        Unmet.expect(came, "no Update", UPDATE_WITHIN_MS + " ms");
    }

    private static void lifetime(Device d) throws InterruptedException {
        for (long seconds : new long[] {400, 300}) {
            int before = d.member().updates();
            d.replace("/1/0/1", LwM2mSingleResource.newIntegerResource(LIFETIME, seconds));
            awaitUpdate(d.member(), before);
            Unmet.expectEqual(seconds, d.member().registration().getLifeTimeInSec(), "lifetime of the registration");
        }
    }
}
