// ScriptedDevice: a registered device whose temperature follows a script, a server that observes it, and the list of
// what it is told and when. Times count from the Observe, in seconds.
//
//   ScriptedDevice device({{0, 20}, {10, 35}, {20, 50}});
//   device.attributes("/3303/0/5700", {"gt=45"});
//   device.observe("/3303/0/5700");
//   EXPECT_EQ(device.told(60s), (Told{{20, "50"}}));
#pragma once

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "coap/observe.h"
#include "tests/support/device_lockstep.h"

namespace support {

struct Notified {
    double at = 0;
    std::string payload;
    coap::MessageType type = NON;

    // Two of the same time and value are equal: how they were sent is asked apart.
    friend bool operator==(const Notified& a, const Notified& b) { return a.at == b.at && a.payload == b.payload; }
};
inline std::ostream& operator<<(std::ostream& out, const Notified& one) {
    return out << fmt::format("{{{}, \"{}\"}}", one.at, one.payload);
}
using Told = std::vector<Notified>;

class ScriptedDevice : public DeviceLockstep {
public:
    // A value holds from its time on until the next; the first one before, too.
    struct Step {
        double at = 0;
        double value = 0;
    };
    struct Options {
        std::string version = "1.1";
        std::string device;     // more resources of the Device object, as in a flow map
        std::string objects;    // more lines of `objects:`, indented by two
        std::string behaviour;  // of `behaviour:`, as a flow map
    };

    explicit ScriptedDevice(const std::vector<Step>& script) : ScriptedDevice(script, Options{}) {}
    ScriptedDevice(const std::vector<Step>& script, const Options& options) : DeviceLockstep(yaml_of(script, options)) {
        std::filesystem::remove(script_file());  // it has been read
        device_registers();
        after(observed_at - now);
        server.expect_silence();
    }

    // Write-Attributes. The answer's code is given back.
    Code attributes(std::string_view path, std::initializer_list<std::string_view> queries) {
        Message message(CON, Code::put);
        message.id(next_id_++).token("0e").path(path);
        for (const auto query : queries) message.query(query);
        return answered(message);
    }
    Code write(std::string_view path, std::string_view value) {
        return answered(Message(CON, Code::put).id(next_id_++).token("0b").path(path).format(0).payload(value));
    }
    // In plain text, by token 4a.
    Code observe(std::string_view path, std::initializer_list<std::string_view> queries = {}, unsigned format = 0) {
        Message message(CON, Code::get);
        message.id(next_id_++).token("4a").observe(0).path(path).uint(coap::OptionNumber::accept, format);
        for (const auto query : queries) message.query(query);
        return answered(message);
    }
    Code answered(const Message& message) {
        server.sends(message);
        return take_answer();
    }

    // All notifications until `span` from now, repeated ones too.
    Told told(base::Duration span) {
        Told list;
        const base::Time end = now + span;
        take_mail(list);
        while (wheel.next_due() <= end) {
            after(std::max(base::Duration{0}, wheel.next_due() - now));
            ++wakes;
            take_mail(list);
        }
        after(end - now);
        return list;
    }

    void TestBody() override {}
    using DeviceLockstep::after;
    using DeviceLockstep::counters;
    using DeviceLockstep::latency;
    using DeviceLockstep::pool;
    using DeviceLockstep::server;

    // Ten seconds after the start of the run, where all times count from.
    static constexpr base::Time observed_at{std::chrono::seconds(10)};
    bool acknowledges = true;  // each confirmable notification, at once
    std::size_t wakes = 0;     // how often the wheel turned: for a timer, or to bring a far one nearer

private:
    static std::filesystem::path script_file() {
        const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
        return std::filesystem::temp_directory_path() /
               fmt::format("lwm2m_sim_{}_{}.csv", test->test_suite_name(), test->name());
    }
    static std::string yaml_of(const std::vector<Step>& script, const Options& options) {
        const auto file = script_file();
        std::ofstream out(file);
        out << "seconds,value\n0," << script.front().value << '\n';
        for (const Step& step : script) out << step.at + base::seconds(observed_at) << ',' << step.value << '\n';
        out.close();
        return fmt::format(
            "profile: scripted\ndescription: for the tests of reporting\nendpoint: \"d\"\n"
            "lwm2m: {{version: \"{}\", lifetime: 30d}}\n"
            "formats: [text, senml-json, senml-cbor, tlv]\n"
            "objects:\n  device/0: {{manufacturer: Acme, timezone: UTC{}}}\n"
            "  temperature/0:\n    sensor_value: {{csv: {}, column: value, time: seconds}}\n{}"
            "behaviour: {}\n",
            options.version, options.device.empty() ? "" : ", " + options.device, file.string(), options.objects,
            options.behaviour.empty() ? "{}" : options.behaviour);
    }

    Code take_answer() {
        if (!server.has_mail()) return ADD_FAILURE() << "no answer", Code::empty;
        return server.take().view().code;
    }
    void take_mail(Told& list) {
        while (server.has_mail()) {
            const auto seen = server.take();
            const auto& message = seen.view();
            EXPECT_TRUE(coap::observe_sequence(message)) << "no notification";
            list.push_back(
                {base::seconds(now - observed_at), std::string(base::as_text(message.payload)), message.type});
            if (message.type == CON && acknowledges) server.sends(Message(ACK, Code::empty).id(message.message_id));
        }
    }

    std::uint16_t next_id_ = 100;
};

}  // namespace support
