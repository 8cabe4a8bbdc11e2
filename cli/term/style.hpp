// Colour and weight for a terminal; nothing where colour is off (no terminal, NO_COLOR).
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

class Style {
public:
    explicit Style(bool color) : color_(color) {}

    std::string bold(std::string_view text) const { return paint("1", text); }
    std::string dim(std::string_view text) const { return paint("2", text); }
    std::string red(std::string_view text) const { return paint("31", text); }
    std::string green(std::string_view text) const { return paint("32", text); }
    std::string yellow(std::string_view text) const { return paint("33", text); }

private:
    std::string paint(std::string_view code, std::string_view text) const;

    bool color_;
};

// How many columns of a terminal the text takes: 2 for East Asian wide characters and emoji, 0 for combining
// marks. Needs no locale.
int display_width(std::string_view text);

// The text as it may be shown: control characters (a client may have put escape sequences into a feature's name)
// and bytes that are not UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// At most `width` columns; what does not fit ends in "…".
std::string shorten(std::string_view text, int width);

}  // namespace llmgw
