// macOS: generic passwords in the login keychain, through the Security framework. Written from Apple's documentation
// of SecItemAdd, SecItemUpdate, SecItemCopyMatching and SecItemDelete; never compiled or run on a Mac.
#include "core/secrets/keychain_child.hpp"

#if defined(__APPLE__)

#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>

#include "core/secrets/child.hpp"
#include "core/secrets/keychain_item.hpp"

namespace llmgw {
namespace {

// Owns one reference, as the functions with Create or Copy in their name give it.
template <class T>
class Ref {
public:
    explicit Ref(T value = nullptr) : value_(value) {}
    ~Ref() {
        if (value_ != nullptr) { CFRelease(value_); }
    }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    Ref(Ref&& other) noexcept : value_(other.value_) { other.value_ = nullptr; }
    T get() const { return value_; }

private:
    T value_;
};

Ref<CFStringRef> string_of(const std::string& text) {
    return Ref<CFStringRef>(CFStringCreateWithBytes(kCFAllocatorDefault, reinterpret_cast<const UInt8*>(text.data()),
                                                    static_cast<CFIndex>(text.size()), kCFStringEncodingUTF8, false));
}

Ref<CFDataRef> data_of(const std::string& bytes) {
    return Ref<CFDataRef>(CFDataCreate(kCFAllocatorDefault, reinterpret_cast<const UInt8*>(bytes.data()),
                                       static_cast<CFIndex>(bytes.size())));
}

std::string text_of(CFStringRef string) {
    const auto size = CFStringGetMaximumSizeForEncoding(CFStringGetLength(string), kCFStringEncodingUTF8) + 1;
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!CFStringGetCString(string, text.data(), size, kCFStringEncodingUTF8)) { return {}; }
    text.resize(text.find('\0'));
    return text;
}

Ref<CFMutableDictionaryRef> dictionary() {
    return Ref<CFMutableDictionaryRef>(CFDictionaryCreateMutable(kCFAllocatorDefault, 0, &kCFTypeDictionaryKeyCallBacks,
                                                                 &kCFTypeDictionaryValueCallBacks));
}

// All of llmgw's entries, or with a name the one.
Ref<CFMutableDictionaryRef> query(const std::string& name) {
    auto out = dictionary();
    CFDictionarySetValue(out.get(), kSecClass, kSecClassGenericPassword);
    CFDictionarySetValue(out.get(), kSecAttrService, CFSTR("llmgw"));
    if (!name.empty()) {
        const auto account = string_of(name);
        if (account.get() != nullptr) { CFDictionarySetValue(out.get(), kSecAttrAccount, account.get()); }
    }
    return out;
}

std::unexpected<Error> refused(OSStatus status) {
    if (status == errSecItemNotFound) { return fail(ErrorKind::not_found, "no such key"); }
    const Ref<CFStringRef> message(SecCopyErrorMessageString(status, nullptr));
    auto text = message.get() != nullptr ? text_of(message.get()) : "status " + std::to_string(status);
    while (text.ends_with('.')) {
        text.pop_back();
    }
    if (status == errSecInteractionNotAllowed) { text += " (the keychain is locked, and nobody can be asked here)"; }
    return fail(ErrorKind::credential, text);
}

class MacKeychain final : public Keychain {
public:
    std::string backend() const override { return "macos-keychain"; }

    // An update replaces the data as a whole; the old entry is never deleted first.
    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        auto item = to_item(secret, origin);
        const auto data = data_of(item);
        wipe(item);
        if (data.get() == nullptr) { return fail(ErrorKind::credential, "out of memory"); }
        const auto entry = query(name);
        const auto change = dictionary();
        CFDictionarySetValue(change.get(), kSecValueData, data.get());
        auto status = SecItemUpdate(entry.get(), change.get());
        if (status == errSecItemNotFound) {
            const auto label = string_of("llmgw: " + name);
            CFDictionarySetValue(entry.get(), kSecValueData, data.get());
            if (label.get() != nullptr) { CFDictionarySetValue(entry.get(), kSecAttrLabel, label.get()); }
            status = SecItemAdd(entry.get(), nullptr);
        }
        if (status != errSecSuccess) { return refused(status); }
        return {};
    }

    Result<Entry> get(const std::string& name) override {
        const auto entry = query(name);
        CFDictionarySetValue(entry.get(), kSecReturnData, kCFBooleanTrue);
        CFDictionarySetValue(entry.get(), kSecMatchLimit, kSecMatchLimitOne);
        CFTypeRef found = nullptr;
        const auto status = SecItemCopyMatching(entry.get(), &found);
        const Ref<CFTypeRef> owner(found);
        if (status != errSecSuccess) { return refused(status); }
        if (found == nullptr || CFGetTypeID(found) != CFDataGetTypeID()) {
            return fail(ErrorKind::credential, "the entry was not written by llmgw");
        }
        const auto data = static_cast<CFDataRef>(found);
        return from_item(
            {reinterpret_cast<const char*>(CFDataGetBytePtr(data)), static_cast<std::size_t>(CFDataGetLength(data))});
    }

    Result<> remove(const std::string& name) override {
        const auto status = SecItemDelete(query(name).get());
        if (status != errSecSuccess) { return refused(status); }
        return {};
    }

    // Attributes only: no entry is decrypted, and nobody is asked for permission.
    Result<std::vector<std::string>> list() override {
        const auto all = query("");
        CFDictionarySetValue(all.get(), kSecReturnAttributes, kCFBooleanTrue);
        CFDictionarySetValue(all.get(), kSecMatchLimit, kSecMatchLimitAll);
        CFTypeRef found = nullptr;
        const auto status = SecItemCopyMatching(all.get(), &found);
        const Ref<CFTypeRef> owner(found);
        std::vector<std::string> names;
        if (status == errSecItemNotFound) { return names; }
        if (status != errSecSuccess) { return refused(status); }
        if (found == nullptr || CFGetTypeID(found) != CFArrayGetTypeID()) { return names; }
        const auto items = static_cast<CFArrayRef>(found);
        for (CFIndex i = 0; i < CFArrayGetCount(items); ++i) {
            const auto item = static_cast<CFDictionaryRef>(CFArrayGetValueAtIndex(items, i));
            const auto account = static_cast<CFStringRef>(CFDictionaryGetValue(item, kSecAttrAccount));
            if (account != nullptr) { names.push_back(text_of(account)); }
        }
        return names;
    }
};

}  // namespace

std::unique_ptr<Keychain> make_native_keychain() {
    return std::make_unique<MacKeychain>();
}

const NativeKeychain& native_keychain() {
    static const NativeKeychain facts{"macos-keychain", {"HOME", "PATH", "LANG", "LC_ALL", "TMPDIR"}};
    return facts;
}

std::string native_keychain_obstacle() {
    return {};
}

}  // namespace llmgw

#endif
