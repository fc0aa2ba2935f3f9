#include "simulator/fleet/behaviour.h"

namespace fleet {

const Behaviour* behaviour_of(const lwm2m::ObjectModel& object) {
    switch (object.id) {
        case 0: return &security_behaviour;
        case 1: return &server_behaviour;
        case 3: return &device_behaviour;
        case 4: return &connectivity_monitoring_behaviour;
        case 5: return &firmware_behaviour;
        case 6: return &location_behaviour;
        case 7: return &connectivity_statistics_behaviour;
        case 9: return &software_management_behaviour;
        case 16: return &portfolio_behaviour;
        case 3340: return &timer_behaviour;
        case 3441:
        case 3442: return &test_object_behaviour;
        default: return object.id < 2048 ? nullptr : &ipso_behaviour;
    }
}

}  // namespace fleet
