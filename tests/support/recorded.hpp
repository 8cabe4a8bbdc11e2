// What providers said, recorded: the goldens' own streams, and the recordings next to the source tree where they are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/dialect_id.hpp"

namespace llmgw::test {

struct Recording {
    std::filesystem::path dir;  // holds request.json, response.json, stream.sse, ..., as far as there are
    std::string host;           // "" for a golden's
    std::string name;           // host/api/case, or tests/dialects/dialect/case
    DialectId dialect;

    bool has(const char* file) const { return std::filesystem::exists(dir / file); }
    std::string read(const char* file) const;
    // The stream's bytes, "" when there is none. Where the source kept only the data lines, framed again.
    std::string stream() const;
};

// Recordings of the four dialects' conversations, in order of their names. None where the folder is absent.
std::vector<Recording> recordings();
// Those of tests/dialects.
std::vector<Recording> golden_recordings();

}  // namespace llmgw::test
