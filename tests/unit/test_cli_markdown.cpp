#include <random>
#include <string>

#include <doctest/doctest.h>

#include "cli/term/markdown.hpp"

using namespace llmgw;

namespace {

std::string render(const std::string& text) {
    MarkdownStream stream;
    auto out = stream.feed(text);
    return out + stream.finish();
}

// Cut into pieces of that many bytes.
std::string render_in_pieces(const std::string& text, std::size_t size) {
    ScreenText screen;
    MarkdownStream stream;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += size) {
        out += stream.feed(screen.feed(std::string_view(text).substr(at, size)));
    }
    out += stream.feed(screen.finish());
    return out + stream.finish();
}

std::string without_colour(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '\x1b') {
            at = text.find('m', at) + 1;
        } else {
            out += text[at++];
        }
    }
    return out;
}

const std::string reset = "\x1b[0m";

const std::string sample = R"(# Title with `code`

Some **bold**, *italic*, ***both*** and __more__ with _it_, `a*b*c` and ~~gone~~.
- item **one**
  * nested [link](https://example.com/a_(b)) and ![alt](x.png)
1. first
> quoted **text**
> - listed

```cpp
int *a = **b; // `not` code
  ```
after snake_case_name and 2 * 3 ** 4, **kwargs and *args
| a | **b** |
|---|---|
---
***
* * *
#nohash
\*escaped\* [not a link] [broken](
Unclosed **bold and `code
~~~
unclosed fence
)";

}  // namespace

TEST_CASE("MarkdownStream: each mark") {
    CHECK(render("plain text\n") == "plain text\n");
    CHECK(render("**b**") == "\x1b[1mb" + reset);
    CHECK(render("a *i* b\n") == "a \x1b[3mi" + reset + " b\n");
    CHECK(render("***x***") == "\x1b[1;3mx" + reset);
    CHECK(render("**a *b* c**") == "\x1b[1ma " + reset + "\x1b[1;3mb" + reset + "\x1b[1m c" + reset);
    CHECK(render("**a *b***") == "\x1b[1ma " + reset + "\x1b[1;3mb" + reset);
    CHECK(render("`a*b*`") == "\x1b[36ma*b*" + reset);
    CHECK(render("`` a`b ``") == "\x1b[36ma`b" + reset);
    CHECK(render("## Head\n") == "\x1b[1;35mHead" + reset + "\n");
    CHECK(render("- a\n  * b\n") == "\x1b[2m• " + reset + "a\n  \x1b[2m• " + reset + "b\n");
    CHECK(without_colour(render("> > a\n")) == "│ │ a\n");
    CHECK(without_colour(render("> - a\n")) == "│ • a\n");
    CHECK(render("[x](http://y)") == "\x1b[4mx" + reset + "\x1b[2m (http://y)" + reset);
    CHECK(render("[http://y](http://y)") == "\x1b[4mhttp://y" + reset);
    CHECK(without_colour(render("---\n")).starts_with("────"));
    CHECK(render("```c\nint *a;\n```\nb") ==
          "\x1b[2m```c" + reset + "\n\x1b[36mint *a;" + reset + "\n\x1b[2m```" + reset + "\nb");
}

TEST_CASE("MarkdownStream: what is no mark stays as it is") {
    for (const std::string text : {"snake_case_name and __init__.py's 2 * 3 ** 4\n",
                                   "**kwargs and *args\n",
                                   "a*b*c 2*3*4\n",
                                   "#hash #1\n",
                                   "-5 is -x\n",
                                   "2024. a\n",
                                   "| a | **b** |\n",
                                   "**never closed\n",
                                   "`never closed\n",
                                   "[no link] [x](\n",
                                   "a ~ b ~~ c\n",
                                   "<b>html</b>\n",
                                   "* \n",
                                   "!\n",
                                   "\\n \\",
                                   "####### seven\n",
                                   "    indented\n",
                                   "``\n",
                                   "___x\n",
                                   "1) a\n",
                                   "**\n",
                                   "*",
                                   "`",
                                   ">",
                                   "#",
                                   "[",
                                   "a\\"}) {
        CAPTURE(text);
        const auto shown = without_colour(render(text));
        if (text == "* \n") {
            CHECK(shown == "• \n");
        } else if (text == ">") {
            CHECK(shown == "│ ");
        } else {
            CHECK(shown == text);
        }
    }
}

TEST_CASE("MarkdownStream: the same however it is cut") {
    const auto whole = render_in_pieces(sample, sample.size());
    for (std::size_t size = 1; size < 40; ++size) {
        CAPTURE(size);
        CHECK(without_colour(render_in_pieces(sample, size)) == without_colour(whole));
    }
}

TEST_CASE("MarkdownStream: text comes out while it comes in") {
    MarkdownStream stream;
    CHECK(stream.feed("Hello, ") == "Hello, ");
    CHECK(stream.feed("wor") == "wor");
    CHECK(stream.feed("ld **bo") == "ld ");
    CHECK(stream.feed("ld** and") == "\x1b[1mbold" + reset + " and");
    CHECK(stream.feed("\n-") == "\n");
    CHECK(stream.feed(" item") == "\x1b[2m• " + reset + "item");
    // A mark that stays open does not hold back an answer for long.
    std::string out;
    for (int i = 0; i < 300; ++i) {
        out += stream.feed(" **and so it goes on");
    }
    CHECK(out.size() > 1000);
}

TEST_CASE("MarkdownStream: never loses or reorders a word, whatever comes") {
    // Words are numbered; everything around them is marks.
    std::mt19937 random(7);
    const std::vector<std::string> marks{"*",  "**",   "_", "`", "```", "~~", "[", "](",  ")",   "#",   "> ",   "- ",
                                         "\n", "\n\n", " ", " ", "\\",  "!",  "|", "1. ", "***", "~~~", "    ", "\t"};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        std::string words;
        for (int i = 0; i < 40; ++i) {
            if (random() % 2 == 0) {
                const auto word = "w" + std::to_string(i);
                text += word;
                words += word;
            } else {
                text += marks[random() % marks.size()];
            }
        }
        CAPTURE(text);
        const auto shown = without_colour(render_in_pieces(text, 1 + random() % 9));
        std::string seen;
        for (std::size_t at = 0; at < shown.size(); ++at) {
            const bool ordered_mark = shown[at] == '1' && at + 1 < shown.size() && shown[at + 1] == '.';
            if (std::isalnum(static_cast<unsigned char>(shown[at])) != 0 && !ordered_mark) { seen += shown[at]; }
        }
        // "1. " is kept as it is, and its digit may stand next to a word's.
        std::string wanted;
        for (std::size_t at = 0; at < text.size(); ++at) {
            const bool ordered_mark = text[at] == '1' && at + 1 < text.size() && text[at + 1] == '.';
            if (std::isalnum(static_cast<unsigned char>(text[at])) != 0 && !ordered_mark) { wanted += text[at]; }
        }
        REQUIRE(seen == wanted);
    }
}

TEST_CASE("MarkdownStream: long hostile input ends soon") {
    for (const std::string piece : {"*a ", "[", "`", "**_", "> ", "[a](", "~~x", "\\"}) {
        std::string text;
        while (text.size() < 40'000) {
            text += piece;
        }
        CAPTURE(piece);
        CHECK(render(text).size() > 1000);
    }
}

TEST_CASE("ScreenText: nothing a terminal would obey") {
    const auto shown = [](const std::string& text) {
        ScreenText screen;
        auto out = screen.feed(text);
        return out + screen.finish();
    };
    const std::string bad = "\xef\xbf\xbd";
    CHECK(shown("a\tb\nc") == "a\tb\nc");
    CHECK(shown("\x1b]0;title\x07") == bad + "]0;title" + bad);
    CHECK(shown("\x1b[2J") == bad + "[2J");
    CHECK(shown("a\rb\r\nc\r") == "a" + bad + "b\nc" + bad);
    CHECK(shown("\xc2\x9b"
                "31m") == bad + "31m");
    CHECK(shown("a\xe2\x80\xae"
                "b") == "a" + bad + "b");
    CHECK(shown("\xff\xc3") == bad + bad);
    ScreenText screen;
    CHECK(screen.feed("\xe2\x98") == "");
    CHECK(screen.feed("\x83!") == "☃!");
    CHECK(screen.feed("x\r") == "x");
    CHECK(screen.feed("\ny") == "\ny");
    for (int c = 0; c < 256; ++c) {
        const auto out = shown(std::string(3, static_cast<char>(c)));
        CHECK(out.find('\x1b') == std::string::npos);
        CHECK(out.find('\x07') == std::string::npos);
    }
}
