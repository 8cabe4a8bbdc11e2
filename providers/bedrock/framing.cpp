#include "providers/bedrock/framing.hpp"

#include "core/util/aws_event_stream.hpp"
#include "core/util/base64.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/bedrock_converse/bedrock_converse.hpp"

namespace llmgw::bedrock {
namespace {

// A line end inside JSON text is white space between its tokens; in an event's data it would end a line.
void append_event(std::string_view name, std::string_view json, std::string& sse) {
    sse.append("event: ").append(name).append("\ndata: ");
    for (const char c : json) {
        sse += c == '\n' || c == '\r' ? ' ' : c;
    }
    sse += "\n\n";
}

// An event's name is AWS's word; it must not become a line of its own.
bool is_name(std::string_view text) {
    return !text.empty() && text.find_first_of("\r\n") == std::string_view::npos;
}

std::string payload_of(const AwsEvent& event) {
    if (!event.payload.empty()) { return std::string(event.payload); }
    return JsonWriter()
        .begin_object()
        .member("message", event.message)
        .member("__type", event.type)
        .end_object()
        .take();
}

class Framing : public StreamFraming {
public:
    Result<> feed(std::string_view bytes, std::string& sse) override {
        for (const auto& event : stream_.feed(bytes)) {
            if (!is_name(event.type)) { continue; }
            event.kind == AwsEvent::Kind::event ? say(event, sse) : say_error(event, sse);
        }
        if (stream_.fault().empty()) { return {}; }
        return fail(ErrorKind::upstream, "the provider's event stream is broken: " + std::string(stream_.fault()));
    }

    Result<> finish(std::string&) override {
        if (!stream_.pending()) { return {}; }
        return fail(ErrorKind::upstream, "the provider's event stream ended in the middle of a message");
    }

protected:
    virtual void say(const AwsEvent& event, std::string& sse) const = 0;
    virtual void say_error(const AwsEvent& event, std::string& sse) const = 0;

private:
    AwsEventStream stream_;
};

class InvokeFraming final : public Framing {
    void say(const AwsEvent& event, std::string& sse) const override {
        const auto bytes = json_scan::member(event.payload, "bytes");
        const auto json = bytes ? base64_decode(bytes->raw_string()) : std::nullopt;
        const auto type = json ? json_scan::member(*json, "type") : std::nullopt;
        if (type && is_name(type->raw_string())) { append_event(type->raw_string(), *json, sse); }
    }

    void say_error(const AwsEvent& event, std::string& sse) const override {
        const auto what = wire::aws_error(0, event.type, payload_of(event));
        sse += wire::Anthropic().encode_stream_error(what, {});
    }
};

class ConverseFraming final : public Framing {
    void say(const AwsEvent& event, std::string& sse) const override { append_event(event.type, event.payload, sse); }

    void say_error(const AwsEvent& event, std::string& sse) const override {
        const bool named = wire::is_exception(event.type);
        append_event(named ? event.type : std::string_view("error"), payload_of(event), sse);
    }
};

}  // namespace

std::unique_ptr<StreamFraming> framing(DialectId dialect, std::string_view content_type) {
    if (!content_type.starts_with("application/vnd.amazon.eventstream")) { return nullptr; }
    if (dialect == DialectId::anthropic) { return std::make_unique<InvokeFraming>(); }
    return std::make_unique<ConverseFraming>();
}

std::optional<ApiError> error(DialectId dialect, int status, const Headers& headers, std::string_view body) {
    const auto type = json_scan::member(body, "type");
    if (dialect == DialectId::anthropic && type && type->raw_string() == "error") { return std::nullopt; }
    return wire::aws_error(status, find_header(headers, "x-amzn-errortype"), body);
}

}  // namespace llmgw::bedrock
