#include "cli/term/markdown.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "cli/term/style.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

constexpr auto npos = std::string_view::npos;
// A span longer than this is text: output does not wait for more.
constexpr std::size_t span_bytes_max = 4096;
constexpr std::size_t rule_columns = 40;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

std::size_t run_of(std::string_view text, char c) {
    return std::min(text.find_first_not_of(c), text.size());
}

// Whether the bytes at `at` begin a sequence that the text's end cuts off.
bool is_cut_sequence(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t wanted = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    if (lead >= 0xf5 || text.size() - at >= wanted) { return false; }
    return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 1, text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; });
}

// The end of the code span that `text` begins with, or 0 when it never closes here.
std::size_t code_size(std::string_view text) {
    const auto marks = run_of(text, '`');
    for (auto at = text.find('`', marks); at != npos; at = text.find('`', at)) {
        const auto run = run_of(text.substr(at), '`');
        at += run;
        if (run == marks) { return at; }
    }
    return 0;
}

}  // namespace

std::string ScreenText::feed(std::string_view piece) {
    pending_ += piece;
    return take(false);
}

std::string ScreenText::finish() {
    return take(true);
}

std::string ScreenText::take(bool final) {
    std::string out;
    std::size_t begin = 0;
    std::size_t at = 0;
    const auto take_run = [&] { out += printable(std::string_view(pending_).substr(begin, at - begin)); };
    while (at < pending_.size()) {
        const char c = pending_[at];
        const bool last = at + 1 == pending_.size();
        if (!final && ((c == '\r' && last) || is_cut_sequence(pending_, at))) { break; }
        if (c == '\r' && !last && pending_[at + 1] == '\n') {
            take_run();
            begin = ++at;
        } else if (c == '\n' || c == '\t') {
            take_run();
            out += c;
            begin = ++at;
        } else {
            at += std::max<std::size_t>(1, utf8_length(pending_, at));
        }
    }
    take_run();
    pending_.erase(0, at);
    return out;
}

std::string MarkdownStream::feed(std::string_view piece) {
    pending_ += piece;
    step(false);
    return std::exchange(out_, {});
}

std::string MarkdownStream::finish() {
    step(true);
    set_look(0);
    auto out = std::exchange(out_, {});
    *this = MarkdownStream();
    return out;
}

void MarkdownStream::step(bool final) {
    while (!pending_.empty()) {
        const auto before = pending_.size();
        const auto line = line_;
        if (line_ == Line::start) {
            start_line(final);
        } else if (line_ == Line::text) {
            inline_text(final);
        } else {
            // Code and tables: as they are.
            const auto end = pending_.find('\n');
            put(std::string_view(pending_).substr(0, end), line_ == Line::code ? code : 0U);
            pending_.erase(0, end);
            if (end != std::string::npos) { end_line(); }
        }
        if (pending_.size() == before && line_ == line) { return; }
    }
}

void MarkdownStream::end_line() {
    set_look(0);
    out_ += '\n';
    pending_.erase(0, 1);
    line_ = Line::start;
    base_ = 0;
    before_ = '\n';
    in_quote_ = false;
}

// A line that is shown whole, its line end left in place.
void MarkdownStream::take_whole_line(std::string_view shown, unsigned look, std::size_t size) {
    put(shown, look);
    pending_.erase(0, size);
    line_ = Line::verbatim;
}

// Decides what the line is as soon as its first characters tell.
void MarkdownStream::start_line(bool final) {
    const auto end = pending_.find('\n');
    const bool whole = final || end != std::string::npos || pending_.size() > span_bytes_max;
    const std::string line = pending_.substr(0, end);
    const auto indent = std::min(line.find_first_not_of(" \t"), line.size());
    const auto rest = std::string_view(line).substr(indent);
    if (rest.empty() && !whole) { return; }
    if (fence_ != 0) { return code_line(line, rest, whole); }
    const char mark = rest.empty() ? '\0' : rest.front();
    const auto run = run_of(rest, mark);
    const auto as_text = [&](std::string_view shown, std::size_t taken) {
        put(std::string_view(line).substr(0, indent), 0);
        put(shown, dim);
        pending_.erase(0, indent + taken);
        line_ = Line::text;
        before_ = '\n';
    };
    const bool only_marks = rest.find_first_not_of(std::string{mark, ' '}) == npos;
    switch (mark) {
        case '`':
        case '~':
            if (run >= 3 && !in_quote_ && (mark == '~' || rest.find('`', run) == npos)) {
                if (!whole) { return; }
                fence_ = mark;
                fence_size_ = run;
                return take_whole_line(line, dim, line.size());
            }
            if (run < 3 && run == rest.size() && !whole) { return; }
            return as_text({}, 0);
        case '#':
            if (run == rest.size() && !whole) { return; }
            if (run > 6 || run == rest.size() || rest[run] != ' ') { return as_text({}, 0); }
            as_text({}, std::min(rest.find_first_not_of(' ', run), rest.size()));
            base_ = heading;
            return;
        case '>':
            if (rest.size() == 1 && !whole) { return; }
            as_text("│ ", rest.size() > 1 && rest[1] == ' ' ? 2 : 1);
            in_quote_ = true;
            // What follows the bar may be a list or a heading.
            if (pending_.empty() || pending_.front() != '\n') { line_ = Line::start; }
            return;
        case '-':
        case '*':
        case '_':
        case '+': {
            if (only_marks && !whole) { return; }
            const auto marks = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), mark));
            if (only_marks && marks >= 3 && mark != '+') {
                std::string rule;
                for (std::size_t i = 0; i < rule_columns; ++i) {
                    rule += "─";
                }
                return take_whole_line(rule, dim, line.size());
            }
            const bool item = mark != '_' && rest.size() > 1 && rest[1] == ' ';
            return item ? as_text("• ", 2) : as_text({}, 0);
        }
        case '|': line_ = Line::verbatim; return;
        default: return as_text({}, 0);
    }
}

// Within a fence: is this its end, or a line of code?
void MarkdownStream::code_line(std::string_view line, std::string_view rest, bool whole) {
    const auto run = run_of(rest, fence_);
    const bool may_close = rest.find_first_not_of(' ', run) == npos && (run >= fence_size_ || run == rest.size());
    if (may_close && !whole) { return; }
    if (may_close && run >= fence_size_) {
        fence_ = 0;
        return take_whole_line(std::string(line), dim, line.size());
    }
    line_ = Line::code;
}

void MarkdownStream::inline_text(bool final) {
    const auto end = pending_.find('\n');
    const bool complete = final || end != std::string::npos;
    const std::string line = pending_.substr(0, end);
    const auto taken = spans(line, base_, complete);
    pending_.erase(0, taken);
    if (taken == line.size() && end != std::string::npos) { end_line(); }
}

// Shows the text with its spans, as far as it is decided; how much that is.
std::size_t MarkdownStream::spans(std::string_view text, unsigned look, bool final) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto mark = std::min(text.find_first_of("\\`*_[!~", at), text.size());
        put(text.substr(at, mark - at), look);
        at = mark;
        if (at == text.size()) { break; }
        const auto rest = text.substr(at);
        const auto size = span_size(rest, final);
        if (size == npos) { break; }
        if (size == 0) {
            const auto literal = rest.front() == '\\' ? 1 : run_of(rest, rest.front());
            put(rest.substr(0, literal), look);
            at += literal;
        } else {
            span(rest.substr(0, size), look);
            at += size;
        }
    }
    return at;
}

std::size_t MarkdownStream::span_size(std::string_view text, bool final) const {
    if (text.size() > span_bytes_max) {
        text = text.substr(0, span_bytes_max);
        final = true;
    }
    const auto undecided = final ? 0 : npos;
    const char mark = text.front();
    switch (mark) {
        case '\\':
            if (text.size() == 1) { return undecided; }
            return std::ispunct(static_cast<unsigned char>(text[1])) != 0 ? 2 : 0;
        case '!': {
            if (text.size() == 1) { return undecided; }
            if (text[1] != '[') { return 0; }
            const auto size = link_size(text.substr(1), final);
            return size == 0 || size == npos ? size : size + 1;
        }
        case '[': return link_size(text, final);
        case '`': {
            const auto size = code_size(text);
            // The closing marks may go on in what is still to come.
            return size == 0 || (size == text.size() && !final) ? undecided : size;
        }
        default: return emphasis_size(text, final);
    }
}

// *, _ and ~~. Stricter than CommonMark, so that no text is taken for a mark: within words nothing is one (2*3*4), and
// __ never is, because models write **bold**, and __init__ when they mean it.
std::size_t MarkdownStream::emphasis_size(std::string_view text, bool final) const {
    const auto undecided = final ? 0 : npos;
    const char mark = text.front();
    const auto marks = run_of(text, mark);
    if (marks == text.size()) { return undecided; }
    if (marks > 3 || (mark == '~' && marks != 2) || (mark == '_' && marks != 1) || is_blank(text[marks]) ||
        is_word(before_)) {
        return 0;
    }
    for (auto at = marks; at < text.size();) {
        const char c = text[at];
        if (c == '\\') {
            at += 2;
        } else if (c == '`') {
            const auto size = code_size(text.substr(at));
            at += size > 0 ? size : run_of(text.substr(at), '`');
        } else if (c == mark) {
            const auto run = run_of(text.substr(at), mark);
            const bool fits = run == marks || (run == 3 && marks < 3);
            if (fits && !is_blank(text[at - 1])) {
                if (at + run == text.size()) {
                    if (!final) { return npos; }
                    return at + run;
                }
                if (!is_word(text[at + run])) { return at + run; }
            }
            at += run;
        } else {
            ++at;
        }
    }
    return undecided;
}

// [label](address)
std::size_t MarkdownStream::link_size(std::string_view text, bool final) {
    const auto undecided = final ? 0 : npos;
    const auto close = text.find_first_of("[]", 1);
    if (close == npos || (close + 1 == text.size() && text[close] == ']')) { return undecided; }
    if (text[close] == '[' || text[close + 1] != '(') { return 0; }
    int open = 0;
    for (auto at = close + 1; at < text.size(); ++at) {
        open += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (open == 0) { return at + 1; }
    }
    return undecided;
}

void MarkdownStream::span(std::string_view text, unsigned look) {
    const char mark = text.front();
    if (mark == '\\') { return put(text.substr(1), look); }
    if (mark == '!') { return span(text.substr(1), look); }
    if (mark == '[') {
        const auto close = text.find(']');
        const auto label = text.substr(1, close - 1);
        const auto address = text.substr(close + 2, text.size() - close - 3);
        spans(label, look | underline, true);
        if (address != label) { put((label.empty() ? "(" : " (") + std::string(address) + ")", look | dim); }
        return;
    }
    auto marks = run_of(text, mark);
    auto inner = text.substr(marks, text.size() - 2 * marks);
    if (mark == '`') {
        const bool padded = inner.size() > 2 && inner.front() == ' ' && inner.back() == ' ';
        return put(padded ? inner.substr(1, inner.size() - 2) : inner, look | code);
    }
    if (mark == '~') {
        look |= strike;
    } else {
        look |= marks == 1 ? italic : marks == 2 ? bold : bold | italic;
    }
    before_ = ' ';
    spans(inner, look, true);
}

void MarkdownStream::put(std::string_view text, unsigned look) {
    if (text.empty()) { return; }
    set_look(look);
    out_ += text;
    before_ = text.back();
}

void MarkdownStream::set_look(unsigned look) {
    if (look == shown_) { return; }
    if (shown_ != 0) { out_ += "\x1b[0m"; }
    shown_ = look;
    if (look == 0) { return; }
    std::string codes;
    const auto add = [&](Look one, const char* digits) {
        if ((look & one) != 0) { codes += (codes.empty() ? "" : ";") + std::string(digits); }
    };
    add(heading, "1;35");
    add(bold, "1");
    add(dim, "2");
    add(italic, "3");
    add(underline, "4");
    add(strike, "9");
    add(code, "36");
    out_ += "\x1b[" + codes + "m";
}

}  // namespace llmgw
