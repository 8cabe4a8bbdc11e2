// References to keys: where one lives, never the key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

enum class KeyKind {
    none,         // "" or none: no key is sent
    passthrough,  // the client's own credential
    keychain,     // keychain:NAME
    env,          // env:NAME
    file,         // file:PATH
    cmd,          // cmd:COMMAND
    vault,        // vault:PATH#FIELD
    automatic,    // auto:NAME:ENV, made by resolve_providers: the keychain entry NAME, else the variable ENV
};

struct KeyReference {
    KeyKind kind = KeyKind::none;
    std::string name;  // what follows the scheme; of automatic, the keychain entry
    std::string env;   // of automatic: the variable, "" when there is none
};

// nullopt when the text is no reference at all.
std::optional<KeyReference> parse_reference(std::string_view text);

// What is wrong with a reference in the configuration file, "" when nothing is: a phrase that follows the
// key's name. Never repeats the text, which may be a key.
std::string check_reference(std::string_view text);

// Placeholders from documentation: sk-..., CHANGEME, your-key, <key>, xxxx. No provider gives such a key, and
// a program that takes one hides the mistake.
bool is_example_key(std::string_view key);

}  // namespace llmgw
