// The keychain of this system, in this process. Linux: the Secret Service (GNOME Keyring, KWallet, KeePassXC)
// through libsecret, opened at run time so that llmgw also starts where it is not installed.
#include "core/secrets/keychain_child.hpp"

#ifdef LLMGW_HAVE_LIBSECRET

#include <dlfcn.h>
#include <libsecret/secret.h>
#include <nlohmann/json.hpp>

#include "core/secrets/child.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr const char* application = "llmgw";

// Only what libsecret's header declares is used; the symbols come from the library that this machine has.
struct Library {
    void* handle = nullptr;
    decltype(&::secret_password_store_sync) store = nullptr;
    decltype(&::secret_password_lookup_nonpageable_sync) lookup = nullptr;
    decltype(&::secret_password_clear_sync) clear = nullptr;
    decltype(&::secret_password_search_sync) search = nullptr;
    decltype(&::secret_password_free) free_password = nullptr;
    decltype(&::secret_retrievable_get_attributes) attributes = nullptr;
    decltype(&::g_hash_table_lookup) table_lookup = nullptr;
    decltype(&::g_error_free) free_error = nullptr;

    template <class Function>
    bool find(Function& function, const char* name) {
        // The handle also finds what the library itself depends on (GLib).
        function = reinterpret_cast<Function>(::dlsym(handle, name));
        return function != nullptr;
    }
    bool open() {
        handle = ::dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
        return handle != nullptr && find(store, "secret_password_store_sync") &&
               find(lookup, "secret_password_lookup_nonpageable_sync") && find(clear, "secret_password_clear_sync") &&
               find(search, "secret_password_search_sync") && find(free_password, "secret_password_free") &&
               find(attributes, "secret_retrievable_get_attributes") && find(table_lookup, "g_hash_table_lookup") &&
               find(free_error, "g_error_free");
    }
};

const SecretSchema& schema() {
    static const SecretSchema value = [] {
        SecretSchema out{};
        out.name = "llmgw.Key";
        out.flags = SECRET_SCHEMA_NONE;
        out.attributes[0] = {"application", SECRET_SCHEMA_ATTRIBUTE_STRING};
        out.attributes[1] = {"name", SECRET_SCHEMA_ATTRIBUTE_STRING};
        return out;
    }();
    return value;
}

// An item is found by its name alone and holds the key and its origin together, encrypted: so that setting a key
// again replaces both at once, and nobody moves a key to another origin by editing an attribute.
class SecretServiceKeychain final : public Keychain {
public:
    explicit SecretServiceKeychain(Library library) : library_(library) {}

    std::string backend() const override { return "secret-service"; }

    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        std::string item =
            json{{"key", secret}, {"origin", origin}}.dump(-1, ' ', false, json::error_handler_t::replace);
        const std::string label = "llmgw: " + name;
        GError* error = nullptr;
        const bool stored = library_.store(&schema(), SECRET_COLLECTION_DEFAULT, label.c_str(), item.c_str(), nullptr,
                                           &error, "application", application, "name", name.c_str(), nullptr) != 0;
        wipe(item);
        if (!stored) { return refused(error); }
        return {};
    }

    Result<Entry> get(const std::string& name) override {
        GError* error = nullptr;
        gchar* item =
            library_.lookup(&schema(), nullptr, &error, "application", application, "name", name.c_str(), nullptr);
        if (error != nullptr) { return refused(error); }
        if (item == nullptr) { return missing(); }
        const auto parsed = json::parse(item, nullptr, false);
        library_.free_password(item);
        if (!parsed.is_object() || !parsed.contains("key") || !parsed["key"].is_string() ||
            !parsed.contains("origin") || !parsed["origin"].is_string()) {
            return fail(ErrorKind::credential, "the entry was not written by llmgw");
        }
        return Entry{parsed["key"].get<std::string>(), parsed["origin"].get<std::string>()};
    }

    Result<> remove(const std::string& name) override {
        GError* error = nullptr;
        const bool removed =
            library_.clear(&schema(), nullptr, &error, "application", application, "name", name.c_str(), nullptr) != 0;
        if (error != nullptr) { return refused(error); }
        if (!removed) { return missing(); }
        return {};
    }

    Result<std::vector<std::string>> list() override {
        GError* error = nullptr;
        const GList* items =
            library_.search(&schema(), SECRET_SEARCH_ALL, nullptr, &error, "application", application, nullptr);
        if (error != nullptr) { return refused(error); }
        std::vector<std::string> names;
        for (const GList* item = items; item != nullptr; item = item->next) {
            GHashTable* attributes = library_.attributes(static_cast<SecretRetrievable*>(item->data));
            const auto* name = static_cast<const char*>(library_.table_lookup(attributes, "name"));
            if (name != nullptr) { names.emplace_back(name); }
        }
        return names;  // the process ends after its one answer and takes the list with it
    }

private:
    std::unexpected<Error> refused(GError* error) const {
        std::string message = error != nullptr ? error->message : "no reason given";
        if (error != nullptr) { library_.free_error(error); }
        while (message.ends_with('.')) {
            message.pop_back();
        }
        if (message.find("/collection/") != std::string::npos) {
            message += " (there is no default keyring, or it was never unlocked in this session)";
        }
        return fail(ErrorKind::credential, message);
    }
    static std::unexpected<Error> missing() { return fail(ErrorKind::not_found, "no such key"); }

    Library library_;
};

}  // namespace
}  // namespace llmgw

#endif

namespace llmgw {
namespace {

class NoKeychain final : public Keychain {
public:
    explicit NoKeychain(std::string reason) : reason_(std::move(reason)) {}
    std::string backend() const override { return "none"; }
    Result<> set(const std::string&, const std::string&, const std::string&) override { return refused(); }
    Result<Entry> get(const std::string&) override { return refused(); }
    Result<> remove(const std::string&) override { return refused(); }
    Result<std::vector<std::string>> list() override { return refused(); }

private:
    std::unexpected<Error> refused() const { return fail(ErrorKind::credential, reason_); }
    std::string reason_;
};

}  // namespace

std::unique_ptr<Keychain> make_native_keychain() {
#ifdef LLMGW_HAVE_LIBSECRET
    Library library;
    if (library.open()) { return std::make_unique<SecretServiceKeychain>(library); }
    return std::make_unique<NoKeychain>("libsecret-1.so.0 is not installed");
#else
    return std::make_unique<NoKeychain>("this llmgw was built without a keychain");
#endif
}

}  // namespace llmgw
