// Linux and the like: the Secret Service (GNOME Keyring, KWallet, KeePassXC) through libsecret, opened at run time so
// that llmgw also starts where it is not installed.
#include "core/secrets/keychain_child.hpp"

#if !defined(__APPLE__) && !defined(_WIN32)

#include <cstdlib>

#include <sys/stat.h>

#ifdef LLMGW_HAVE_LIBSECRET

#include <dlfcn.h>
#include <libsecret/secret.h>

#include "core/secrets/child.hpp"
#include "core/secrets/keychain_item.hpp"

namespace llmgw {
namespace {

constexpr const char* application = "llmgw";
constexpr const char* how_to_unlock =
    " and was not unlocked; log in on the desktop, or unlock it with its own program (Passwords and Keys, KWallet)";

// Only what libsecret's header declares is used; the symbols come from the library that this machine has.
struct Library {
    void* handle = nullptr;
    decltype(&::secret_password_store_sync) store = nullptr;
    decltype(&::secret_password_lookup_nonpageable_sync) lookup = nullptr;
    decltype(&::secret_password_clear_sync) clear = nullptr;
    decltype(&::secret_password_search_sync) search = nullptr;
    decltype(&::secret_password_free) free_password = nullptr;
    decltype(&::secret_retrievable_get_attributes) attributes = nullptr;
    decltype(&::secret_service_get_sync) service = nullptr;
    decltype(&::secret_collection_for_alias_sync) collection = nullptr;
    decltype(&::secret_collection_get_locked) is_locked = nullptr;
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
               find(attributes, "secret_retrievable_get_attributes") && find(service, "secret_service_get_sync") &&
               find(collection, "secret_collection_for_alias_sync") &&
               find(is_locked, "secret_collection_get_locked") && find(table_lookup, "g_hash_table_lookup") &&
               find(free_error, "g_error_free");
    }
};

const SecretSchema& schema() {
    static const SecretSchema value = [] {
        SecretSchema out{};
        out.name = "llmgw.Key";
        // A keyring that was never unlocked does not find its items by their schema's name.
        out.flags = SECRET_SCHEMA_DONT_MATCH_NAME;
        out.attributes[0] = {"application", SECRET_SCHEMA_ATTRIBUTE_STRING};
        out.attributes[1] = {"name", SECRET_SCHEMA_ATTRIBUTE_STRING};
        return out;
    }();
    return value;
}

// An item is found by its name alone.
class SecretServiceKeychain final : public Keychain {
public:
    explicit SecretServiceKeychain(Library library) : library_(library) {}

    std::string backend() const override { return "secret-service"; }

    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        std::string item = to_item(secret, origin);
        const std::string label = "llmgw: " + name;
        GError* error = nullptr;
        const bool stored = library_.store(&schema(), SECRET_COLLECTION_DEFAULT, label.c_str(), item.c_str(), nullptr,
                                           &error, "application", application, "name", name.c_str(), nullptr) != 0;
        wipe(item);
        if (!stored) { return refused(error); }
        return {};
    }

    // Both ask for the keyring to be unlocked when the entry is in a locked one.
    Result<Entry> get(const std::string& name) override {
        GError* error = nullptr;
        gchar* item =
            library_.lookup(&schema(), nullptr, &error, "application", application, "name", name.c_str(), nullptr);
        if (error != nullptr) { return refused(error); }
        if (item == nullptr) { return missing_or_locked(name); }
        auto entry = from_item(item);
        library_.free_password(item);
        return entry;
    }

    Result<> remove(const std::string& name) override {
        GError* error = nullptr;
        const bool removed =
            library_.clear(&schema(), nullptr, &error, "application", application, "name", name.c_str(), nullptr) != 0;
        if (error != nullptr) { return refused(error); }
        if (!removed) { return missing_or_locked(name); }
        return {};
    }

    // Names can be read from a locked keyring, but not from one that was never unlocked in this session. Nobody is
    // asked to unlock one for a list.
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
        if (names.empty() && (items != nullptr || default_is_locked())) { return locked(); }
        return names;  // the process ends after its one answer and takes the list with it
    }

private:
    std::unexpected<Error> refused(GError* error) const {
        std::string message = error != nullptr ? error->message : "no reason given";
        if (error != nullptr) { library_.free_error(error); }
        while (message.ends_with('.')) {
            message.pop_back();
        }
        if (message.find("locked collection") != std::string::npos) { message += how_to_unlock; }
        if (message.find("/collection/") != std::string::npos) {
            message += " (there is no default keyring, or it was never unlocked in this session)";
        }
        return fail(ErrorKind::credential, message);
    }

    static std::unexpected<Error> locked() {
        return fail(ErrorKind::credential, std::string("the keyring is locked") + how_to_unlock);
    }

    bool default_is_locked() const {
        // Null stands for this service in most calls of the library, but not in the next one.
        auto* service = library_.service(SECRET_SERVICE_NONE, nullptr, nullptr);
        if (service == nullptr) { return false; }
        auto* collection =
            library_.collection(service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, nullptr, nullptr);
        return collection != nullptr && library_.is_locked(collection) != 0;
    }

    // The library calls what is in a locked keyring not found. Some services do not even say that there is something.
    std::unexpected<Error> missing_or_locked(const std::string& name) const {
        GError* error = nullptr;
        const GList* items = library_.search(&schema(), SECRET_SEARCH_NONE, nullptr, &error, "application", application,
                                             "name", name.c_str(), nullptr);
        if (error != nullptr) { return refused(error); }
        if (items != nullptr || default_is_locked()) { return locked(); }
        return fail(ErrorKind::not_found, "no such key");
    }

    Library library_;
};

}  // namespace
}  // namespace llmgw

#endif

namespace llmgw {

std::unique_ptr<Keychain> make_native_keychain() {
#ifdef LLMGW_HAVE_LIBSECRET
    Library library;
    if (library.open()) { return std::make_unique<SecretServiceKeychain>(library); }
    return make_no_keychain("libsecret-1.so.0 is not installed");
#else
    return make_no_keychain("this llmgw was built without a keychain");
#endif
}

const NativeKeychain& native_keychain() {
    static const NativeKeychain facts{"secret-service",
                                      {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", "PATH", "LANG", "LC_ALL",
                                       "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LD_LIBRARY_PATH"}};
    return facts;
}

std::string native_keychain_obstacle() {
    const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    if (address != nullptr && *address != '\0') { return {}; }
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    struct stat info {};
    if (runtime != nullptr && *runtime != '\0' && ::stat((std::string(runtime) + "/bus").c_str(), &info) == 0) {
        return {};
    }
    return "there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set and $XDG_RUNTIME_DIR/bus does not "
           "exist)";
}

}  // namespace llmgw

#endif
