// Takes the compression off an answer's body. Answers are asked for as they are (Accept-Encoding: identity); some
// servers compress all the same.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace llmgw {

class ContentDecoder {
public:
    virtual ~ContentDecoder() = default;
    // Appends what `bytes` decode to. False when they are broken.
    virtual bool decode(std::string_view bytes, std::string& out) = 0;
};

// For gzip, deflate, br and zstd; null for anything else (the body is passed on as it is).
std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view encoding);

}  // namespace llmgw
