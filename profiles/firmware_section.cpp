#include "profiles/firmware_section.h"

#include <algorithm>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "profiles/map_reader.h"

namespace profiles {
namespace {

void read_rate(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    const auto rate = node.is_scalar() ? base::parse_byte_rate(node.text()) : base::fail("");
    if (rate && *rate > 0) {
        out = *rate;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is no rate", what, printable(node.text())), "try 12KB/s");
    }
}

void read_storage(const Node& node, std::string_view what, std::uint64_t& out, Diagnostics& diagnostics) {
    const auto size = node.is_scalar() ? base::parse_size(node.text()) : base::fail("");
    if (size && *size > 0 && *size <= 1u << 30) {
        out = *size;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is no size up to 1 GiB", what, printable(node.text())),
                          "try 512KiB");
    }
}

void read_version(const Node& node, std::string_view what, std::string& out, Diagnostics& diagnostics) {
    std::string text;
    if (!read_text(node, what, text, diagnostics)) return;
    if (text.empty() || text.size() > 32) {
        diagnostics.error(node.place(), fmt::format("{}: 1 to 32 characters are needed", what));
    } else {
        out = std::move(text);
    }
}

void read_etag_change(const Node& node, std::string_view what, EtagChange& out, Diagnostics& diagnostics) {
    if (node.is_scalar() && node.text() == "restart") {
        out = EtagChange::restart;
    } else if (node.is_scalar() && node.text() == "fail") {
        out = EtagChange::fail;
    } else {
        diagnostics.error(node.place(), fmt::format("{}: '{}' is not known", what, printable(node.text())),
                          "there are restart and fail");
    }
}

void read_defer(const Node& node, std::string_view what, double& out, Diagnostics& diagnostics) {
    (void)read_share(node, what, out, diagnostics);
}

void read_span(const Node& node, std::string_view what, base::DurationSpec& out, Diagnostics& diagnostics) {
    (void)read_duration_spec(node, what, out, diagnostics);
}

// A share alone is spread over what makes an update fail by itself.
constexpr std::array plain_faults{FirmwareFault::connection_lost,     FirmwareFault::wrong_digest,
                                  FirmwareFault::storage_full,        FirmwareFault::out_of_memory,
                                  FirmwareFault::unsupported_package, FirmwareFault::power_cut,
                                  FirmwareFault::boot_loop,           FirmwareFault::rollback};

// The same of software, whose installation does not restart the device.
constexpr std::array plain_software_faults{FirmwareFault::connection_lost,     FirmwareFault::wrong_digest,
                                           FirmwareFault::storage_full,        FirmwareFault::out_of_memory,
                                           FirmwareFault::unsupported_package, FirmwareFault::rollback};
constexpr std::array<std::string_view, 7> software_fault_names{
    name(FirmwareFault::connection_lost), name(FirmwareFault::etag_changed),  name(FirmwareFault::wrong_digest),
    name(FirmwareFault::storage_full),    name(FirmwareFault::out_of_memory), name(FirmwareFault::unsupported_package),
    name(FirmwareFault::rollback)};

using Faults = std::array<double, firmware_fault_count>;
using Names = std::span<const std::string_view>;

void read_fault(const Node::Entry& entry, Names known, Faults& out, Diagnostics& diagnostics) {
    if (std::ranges::find(known, entry.key) == known.end()) {
        detail::report_unknown(entry, known, diagnostics);
        return;
    }
    const auto fault = std::ranges::find(firmware_fault_names, entry.key) - firmware_fault_names.begin();
    (void)read_share(entry.value, entry.key, out[static_cast<std::size_t>(fault)], diagnostics);
}

void read_any_faults(const Node& node, std::string_view what, Names known, std::span<const FirmwareFault> plain,
                     Faults& out, Diagnostics& diagnostics) {
    Faults faults{};
    if (node.is_map()) {
        for (const Node::Entry& entry : node.entries()) read_fault(entry, known, faults, diagnostics);
    } else {
        double share = 0;
        if (!read_share(node, what, share, diagnostics)) return;
        for (const auto fault : plain) {
            faults[static_cast<std::size_t>(fault)] = share / static_cast<double>(plain.size());
        }
    }
    if (std::accumulate(faults.begin(), faults.end(), 0.0) > 1 + 1e-9) {
        diagnostics.error(node.place(), fmt::format("{}: the shares are more than 100% together", what));
    } else {
        out = faults;
    }
}

void read_faults(const Node& node, std::string_view what, Faults& out, Diagnostics& diagnostics) {
    read_any_faults(node, what, std::span(firmware_fault_names).subspan(1), plain_faults, out, diagnostics);
}

void read_software_faults(const Node& node, std::string_view what, Faults& out, Diagnostics& diagnostics) {
    read_any_faults(node, what, software_fault_names, plain_software_faults, out, diagnostics);
}

constexpr std::array fields{
    field<&FirmwareSpec::download_rate, read_rate>(
        "download", "bytes a second", "", "12KB/s: how fast a device takes a package; as it comes if left out"),
    field<&FirmwareSpec::apply, read_span>("apply", "duration", "5s", "in state Updating, before the reboot"),
    field<&FirmwareSpec::reboot, read_span>("reboot", "duration", "2s", "how long it is away then"),
    field<&FirmwareSpec::storage, read_storage>("storage", "size", "16MiB", "the longest package that a device takes"),
    field<&FirmwareSpec::version, read_version>("version", "text", "",
                                                "that it has afterwards; what the package says if left out"),
    field<&FirmwareSpec::etag_change, read_etag_change>("etag_change", "text", "restart",
                                                        "restart or fail when the package changes under a download"),
    field<&FirmwareSpec::defer, read_defer>("defer", "share", "0%", "devices whose user wants the update later"),
    field<&FirmwareSpec::defer_for, read_span>("defer_for", "duration", "10m", "how much later; /5/0/13 is the most"),
    field<&FirmwareSpec::faults, read_faults>(
        "fail", "share or map", "0%",
        "devices that fail, over all faults; or by name: {rollback: 1%}: connection_lost etag_changed wrong_digest "
        "storage_full out_of_memory unsupported_package power_cut boot_loop rollback"),
};

constexpr std::array software_fields{
    field<&FirmwareSpec::download_rate, read_rate>(
        "download", "bytes a second", "", "12KB/s: how fast a device takes a package; as it comes if left out"),
    field<&FirmwareSpec::storage, read_storage>("storage", "size", "16MiB", "the longest package that a device takes"),
    field<&FirmwareSpec::etag_change, read_etag_change>("etag_change", "text", "restart",
                                                        "restart or fail when the package changes under a download"),
    field<&FirmwareSpec::faults, read_software_faults>(
        "fail", "share or map", "0%",
        "devices that fail, over all faults; or by name: {rollback: 1%}, of which none installs: connection_lost "
        "etag_changed wrong_digest storage_full out_of_memory unsupported_package rollback"),
};

}  // namespace

void read_firmware(const Node& node, std::string_view what, FirmwareSpec& out, Diagnostics& diagnostics) {
    read_fields(node, what, fields, out, diagnostics);
}

std::vector<FieldInfo> firmware_field_infos() { return describe(fields); }

void read_software(const Node& node, std::string_view what, FirmwareSpec& out, Diagnostics& diagnostics) {
    read_fields(node, what, software_fields, out, diagnostics);
}

std::vector<FieldInfo> software_field_infos() { return describe(software_fields); }

}  // namespace profiles
