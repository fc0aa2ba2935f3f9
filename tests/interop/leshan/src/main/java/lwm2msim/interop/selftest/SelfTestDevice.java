package lwm2msim.interop.selftest;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.object.LwM2mTestObject;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.send.ManualDataSender;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.LwM2m.LwM2mVersion;
import org.eclipse.leshan.core.LwM2mId;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.DeregisterRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.request.UpdateRequest;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpoint;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientProtocolProvider;

import lwm2msim.interop.Counts;
import lwm2msim.interop.InteropSensor;
import lwm2msim.interop.Models;

/** One Leshan client that does what the profile interop-sensor.yaml says. */
final class SelfTestDevice {
    private static final int SHORT_SERVER_ID = 1;
    private static final long TEST_LIFETIME = 300; // of conformance.yaml's profiles

    private final LeshanClient client;
    private final Fault fault;
    private final Thermometer thermometer;
    private final LwM2mObjectEnabler thermometers;
    private final CountDownLatch registered = new CountDownLatch(1);

    SelfTestDevice(int index, String target, boolean withTestObject, Fault fault, Counts counts,
            ScheduledExecutorService shared) {
        this.fault = fault;
        thermometer = new Thermometer(fault == Fault.COPIES ? 0 : index, fault);
        ObjectsInitializer objects = new ObjectsInitializer(new StaticModel(Models.ofDevice(LwM2mVersion.V1_1)));
        objects.setInstancesForObject(LwM2mId.SECURITY, Security.noSec(target, SHORT_SERVER_ID));
        objects.setInstancesForObject(
                LwM2mId.SERVER, new Account(withTestObject ? TEST_LIFETIME : InteropSensor.LIFETIME, fault));
        objects.setInstancesForObject(LwM2mId.DEVICE,
                new Thing(0,
                        Map.of(0, "lwm2m-sim", 1, "interop-1", 3, "1.0.0", 9, 87L, 11, Map.of(0, 0L), 14, "+00:00", 15,
                                "Etc/UTC", 16, "U"),
                        Set.of(4, 12)));
        objects.setInstancesForObject(LwM2mId.CONNECTIVITY_MONITORING,
                new Thing(0, Map.of(0, 41L, 1, Map.of(0, 41L), 2, -70L, 4, Map.of(0, "127.0.0.1")), Set.of()));
        objects.setInstancesForObject(Models.TEMPERATURE, thermometer);
        if (withTestObject) {
            objects.setInstancesForObject(Models.TEST_OBJECT, new LwM2mTestObject());
        }

        objects.setClassForObject(LwM2mId.SERVER, Server.class);
        for (int object : new int[] {LwM2mId.DEVICE, LwM2mId.CONNECTIVITY_MONITORING, Models.TEMPERATURE}) {
            objects.setClassForObject(object, SimpleInstanceEnabler.class); // what Create makes
        }

        CaliforniumClientEndpointsProvider.Builder endpoints =
                new CaliforniumClientEndpointsProvider.Builder(new CoapClientProtocolProvider());
        Configuration configuration = endpoints.createDefaultConfiguration();
        configuration.set(CoapConfig.PROTOCOL_STAGE_THREAD_COUNT, 1); // hundreds of devices share this process
        // The client updates this much before the lifetime's end, which by default would be every few seconds.
        configuration.set(CoapConfig.EXCHANGE_LIFETIME, 20, TimeUnit.SECONDS);
        endpoints.setConfiguration(configuration);
        endpoints.setClientAddress(InetAddress.getLoopbackAddress());

        LeshanClientBuilder builder = new LeshanClientBuilder(String.format("interop-%06d", index));
        List<LwM2mObjectEnabler> enablers = objects.createAll();
        thermometers = enablers.stream().filter(e -> e.getId() == Models.TEMPERATURE).findFirst().orElseThrow();
        builder.setObjects(new ArrayList<>(enablers));
        builder.setEndpointsProviders(List.of(endpoints.build()));
        builder.setSharedExecutor(shared);
        builder.setDataSenders(new ManualDataSender());
        client = builder.build();
        client.addObserver(new Witness(counts));
    }

    void leakWritesTo(SelfTestDevice other) {
        thermometer.leakWritesTo(other.thermometer);
    }

    void start() {
        client.start();
    }

    void awaitRegistered() throws InterruptedException {
        registered.await();
    }

    void tick() {
        // The client takes this lock before that of its notifications when it is written to; the other order would
        // end in a deadlock some day.
        synchronized (thermometers) {
            thermometer.tick();
        }
    }

    void stop() {
        client.destroy(fault != Fault.STAYS);
    }

    private static final class Account extends Server {
        private static final int UPDATE_TRIGGER = 8;

        private final Fault fault;

        Account(long lifetime, Fault fault) {
            super(SHORT_SERVER_ID, lifetime, EnumSet.of(BindingMode.U), false, BindingMode.U);
            this.fault = fault;
        }

        @Override
        public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
            if (fault == Fault.IGNORES_TRIGGER && resource == UPDATE_TRIGGER) {
                return ExecuteResponse.success();
            }
            return super.execute(server, resource, arguments);
        }
    }

    private final class Witness extends LwM2mClientObserverAdapter {
        private final Counts counts;

        Witness(Counts counts) {
            this.counts = counts;
        }

        @Override
        public void onRegistrationStarted(LwM2mServer server, RegisterRequest request) {
            CaliforniumClientEndpoint endpoint = (CaliforniumClientEndpoint) client.getEndpoint(server);
            endpoint.getCoapEndpoint().addInterceptor(new WireTally(counts));
        }

        @Override
        public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String id) {
            counts.add("register");
            registered.countDown();
        }

        @Override
        public void onUpdateSuccess(LwM2mServer server, UpdateRequest request) {
            counts.add("update");
        }

        @Override
        public void onDeregistrationSuccess(LwM2mServer server, DeregisterRequest request) {
            counts.add("deregister");
        }
    }
}
