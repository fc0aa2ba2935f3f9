#include "profiles/security_object.h"

#include "profiles/standard_objects.h"

namespace profiles {
namespace {

using lwm2m::Path;
using lwm2m::ValueView;
namespace resource = security_resource;

// 0/x/2
int number_of(SecurityMode mode) {
    switch (mode) {
        case SecurityMode::psk: return 0;
        case SecurityMode::rpk: return 1;
        case SecurityMode::x509: return 2;
        case SecurityMode::none: return 3;
    }
    return 3;
}

// 0/x/16: by the numbers of the IANA registry of TLS cipher suites.
std::vector<std::uint16_t> suites_of(const SecuritySpec& security) {
    if (security.mode == SecurityMode::none) return {};
    if (security.dtls == DtlsVersion::v13) {
        const std::uint16_t ccm = 0x1304;
        const std::uint16_t gcm = 0x1301;
        if (security.suite == SuiteChoice::both) return {ccm, gcm};
        return {security.suite == SuiteChoice::gcm_sha256 ? gcm : ccm};
    }
    const bool psk = security.mode == SecurityMode::psk;
    const std::uint16_t ccm8 = psk ? 0xc0a8 : 0xc0ae;
    const std::uint16_t other = psk ? 0x00ae : 0xc02b;
    switch (security.suite) {
        case SuiteChoice::ccm8: return {ccm8};
        case SuiteChoice::cbc_sha256:
        case SuiteChoice::gcm_sha256: return {other};
        case SuiteChoice::both: return {ccm8, other};
        case SuiteChoice::ccm: break;
    }
    return {};
}

class SecurityInstance {
public:
    SecurityInstance(const ObjectModels& models, ObjectDrafts& drafts, std::size_t number)
        : model_(*models.find(security_object)),
          drafts_(drafts),
          path_(security_object, static_cast<std::uint16_t>(number)) {
        drafts_.add_instance(path_);
    }

    void describe(const ResolvedServer& server, const SecuritySpec& security) {
        if (server.uri) {
            put(resource::server_uri, ValueView::of_string(to_string(*server.uri)));
        } else {
            compute(resource::server_uri);
        }
        put(resource::bootstrap_server, ValueView::of_boolean(false));
        put(resource::mode, ValueView::of_integer(number_of(security.mode)));
        compute(resource::identity);
        put(resource::server_public_key, ValueView::of_opaque(security.server.certificate));
        put(resource::short_server_id, ValueView::of_integer(server.short_id));
        put_suites(security);
        if (security.mode != SecurityMode::x509) return;
        put(resource::matching_type, ValueView::of_unsigned(static_cast<unsigned>(security.server.matching)));
        put(resource::certificate_usage, ValueView::of_unsigned(static_cast<unsigned>(security.server.usage)));
        if (!security.server.name.empty()) put(resource::sni, ValueView::of_string(security.server.name));
    }

    // Of the instance of object 21 with the same number.
    void protect_by_oscore() {
        put(resource::oscore_security_mode, ValueView::of_objlnk({oscore_object, path_.instance()}));
    }

private:
    void put(std::uint16_t id, const ValueView& value) {
        const auto* const model = model_.find(id);
        if (model != nullptr) drafts_.fill_in(path_, id, draft_of(*model, lwm2m::Value(value)));
    }

    void compute(std::uint16_t id) {
        const auto* const model = model_.find(id);
        if (model == nullptr) return;
        auto draft = draft_of(*model, {});
        draft.resources.back().computed = true;
        drafts_.fill_in(path_, id, std::move(draft));
    }

    void put_suites(const SecuritySpec& security) {
        const auto* const model = model_.find(resource::cipher_suites);
        const auto suites = suites_of(security);
        if (model == nullptr || suites.empty()) return;
        ResourceDraft draft;
        draft.model = model;
        for (const auto suite : suites) {
            draft.resources.push_back(blank_resource(*model));
            draft.resources.back().value = ValueView::of_unsigned(suite);
            draft.instances.push_back(static_cast<std::uint16_t>(draft.instances.size()));
        }
        drafts_.fill_in(path_, resource::cipher_suites, std::move(draft));
    }

    const lwm2m::ObjectModel& model_;
    ObjectDrafts& drafts_;
    Path path_;
};

}  // namespace

void add_security_objects(const ObjectModels& models, const ResolvedProfile& result, ObjectDrafts& drafts) {
    if (models.find(security_object) == nullptr) return;
    for (std::size_t i = 0; i < result.servers.size(); ++i) {
        SecurityInstance instance(models, drafts, i);
        instance.describe(result.servers[i], security_of(result, i));
        if (oscore_of(result, i) != nullptr) instance.protect_by_oscore();
    }
}

}  // namespace profiles
