// Text of a model on a terminal, while it arrives.
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

// Takes what a terminal would obey out of a stream of UTF-8: control characters and escape sequences, bytes that are no
// UTF-8 and marks that reorder text become U+FFFD; line feeds and tabs stay, CRLF becomes a line feed. Pieces may be
// cut anywhere.
class ScreenText {
public:
    std::string feed(std::string_view piece);
    // What is left at the end: a sequence that was never completed.
    std::string finish();

private:
    std::string take(bool final);
    std::string pending_;
};

// Markdown as it is read in a terminal: headings, emphasis, code, lists, quotes, rules and links get colour and weight
// and lose their marks; everything else stays as it is, tables too. Output never waits for more than the mark it cannot
// yet tell from text: a few characters, or to the end of an emphasised span, which ends with its line at the latest.
// What turns out to be no mark comes out as it was written. Input must have been through ScreenText.
//
// Written here rather than taken from a parser library because those read whole documents: an answer would be shown
// only when it is complete.
class MarkdownStream {
public:
    std::string feed(std::string_view piece);
    // The rest, and the terminal as it was before. The stream can be used again.
    std::string finish();

private:
    enum Look : unsigned { bold = 1, italic = 2, code = 4, underline = 8, dim = 16, strike = 32, heading = 64 };
    enum class Line { start, text, code, verbatim };

    void step(bool final);
    void start_line(bool final);
    void code_line(std::string_view line, std::string_view rest, bool whole);
    void inline_text(bool final);
    void end_line();
    void take_whole_line(std::string_view shown, unsigned look, std::size_t size);
    std::size_t spans(std::string_view text, unsigned look, bool final);
    void span(std::string_view text, unsigned look);
    // How much of `text`, which begins with a mark, is one span; 0: none, npos: more text decides.
    std::size_t span_size(std::string_view text, bool final) const;
    std::size_t emphasis_size(std::string_view text, bool final) const;
    static std::size_t link_size(std::string_view text, bool final);
    void put(std::string_view text, unsigned look);
    void set_look(unsigned look);

    std::string pending_;  // read, not decided on
    std::string out_;
    Line line_ = Line::start;
    unsigned base_ = 0;   // look of the whole line
    unsigned shown_ = 0;  // look the terminal is in
    char before_ = '\n';  // the line's last character shown, for what may open a span
    bool in_quote_ = false;
    char fence_ = 0;  // the mark of the open code block, 0 when there is none
    std::size_t fence_size_ = 0;
};

}  // namespace llmgw
