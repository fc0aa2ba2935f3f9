package lwm2msim.interop.selftest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;

/** An object instance with given values and with resources that can be executed to no effect. */
class Thing extends SimpleInstanceEnabler {
    private final Set<Integer> executables;

    Thing(int id, Map<Integer, Object> values, Set<Integer> executables) {
        super(id, values);
        this.executables = executables;
    }

    @Override
    public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
        return executables.contains(resource) ? ExecuteResponse.success() : ExecuteResponse.notFound();
    }

    @Override
    public List<Integer> getAvailableResourceIds(ObjectModel model) {
        Set<Integer> ids = new TreeSet<>(resources.keySet());
        ids.addAll(executables);
        return new ArrayList<>(ids);
    }
}
