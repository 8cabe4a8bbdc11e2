#include "core/gateway/model_list.hpp"

#include <algorithm>
#include <set>

#include "core/route/resolve.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw {
namespace {

bool begins_for_claude_code(std::string_view name) {
    return name.starts_with("claude") || name.starts_with("anthropic");
}

class Merging {
public:
    Merging(const std::vector<Provider>& providers, DialectId client, bool claude_code)
        : providers_(providers), client_(client), claude_code_(claude_code) {}

    void add(const ProviderModels& known) {
        const auto& provider = *known.provider;
        // A client's own credential is good for the dialect that is spoken there, and is not translated.
        if (provider.passthrough() && !provider.speaks(client_)) { return; }
        std::set<std::string_view> seen;
        std::vector<ListedModel> models;
        for (const auto& model : known.listed) {
            if (seen.insert(model.name).second) { models.push_back(model); }
        }
        for (const auto& name : provider.models) {
            if (!seen.insert(name).second) { continue; }
            ListedModel model;
            model.name = name;
            models.push_back(std::move(model));
        }
        if (claude_code_) {
            for (auto& model : models) {
                add_for_claude_code(provider, std::move(model));
            }
            return;
        }
        if (provider.name == native_provider(client_)) {
            for (const auto& model : models) {
                if (bare_leads_to(provider, model.name)) { entries_.push_back({model.name, &provider, model}); }
            }
        }
        for (auto& model : models) {
            auto id = provider.name + "/" + model.name;
            entries_.push_back({std::move(id), &provider, std::move(model)});
        }
    }

    void add(const Route& route) {
        ModelEntry entry;
        entry.id =
            claude_code_ && !begins_for_claude_code(route.name) ? std::string(via_prefix) + route.name : route.name;
        entry.model.name = route.name;
        entry.route = &route;
        entries_.push_back(std::move(entry));
    }

    std::vector<ModelEntry> take() { return std::move(entries_); }

private:
    // A name that another provider lists in the configuration leads there.
    bool bare_leads_to(const Provider& provider, const std::string& name) const {
        if (std::ranges::any_of(entries_, [&](const ModelEntry& e) { return e.route != nullptr && e.id == name; })) {
            return false;
        }
        const auto target = resolve_model(name, client_, providers_, Translatable::yes);
        return target && target->provider == &provider && target->model == name;
    }

    void add_for_claude_code(const Provider& provider, ListedModel model) {
        auto id = provider.name + "/" + model.name;
        if (provider.name == native_provider(client_) && begins_for_claude_code(model.name) &&
            bare_leads_to(provider, model.name)) {
            id = model.name;
        } else if (!begins_for_claude_code(id)) {
            id.insert(0, via_prefix);
        }
        entries_.push_back({std::move(id), &provider, std::move(model)});
    }

    const std::vector<Provider>& providers_;
    DialectId client_;
    bool claude_code_;
    std::vector<ModelEntry> entries_;
};

void write_price_line(const PriceLine& line, JsonWriter& json) {
    const auto write = [&](std::string_view name, PicoPerMillion price) {
        if (price != no_price) { json.raw_member(name, format_dollars(price)); }
    };
    write("input", line.input);
    write("output", line.output);
    write("cache_read", line.cache_read);
    write("cache_write_5m", line.cache_write_5m);
    write("cache_write_1h", line.cache_write_1h);
}

void write_prices(const ModelEntry& entry, const Prices& prices, JsonWriter& json) {
    if (entry.provider->local) {
        json.key("prices").begin_object().member("input", 0).member("output", 0).member("source", "local").end_object();
        return;
    }
    const auto lines = prices.find(entry.provider->price_list, entry.model.name);
    const auto base =
        std::ranges::find_if(lines, [](const PriceLine& line) { return line.variant.empty() && line.threshold == 0; });
    if (base == lines.end()) { return; }
    json.key("prices").begin_object();
    write_price_line(*base, json);
    bool any = false;
    for (const auto& line : lines) {
        if (!line.variant.empty() || line.threshold == 0) { continue; }
        if (!std::exchange(any, true)) { json.key("long_context").begin_array(); }
        json.begin_object().member("above_tokens", line.threshold);
        write_price_line(line, json);
        json.end_object();
    }
    if (any) { json.end_array(); }
    json.member_if("source", base->source).member_if("date", base->date).end_object();
}

void write_own(const ModelEntry& entry, const Prices& prices, JsonWriter& json) {
    json.key("llmgw").begin_object();
    if (entry.route != nullptr) {
        json.member("route", entry.route->name).key("targets").begin_array();
        for (const auto& target : entry.route->targets) {
            json.string(target.route != nullptr ? target.route->name : target.name());
        }
        json.end_array().end_object();
        return;
    }
    json.member("provider", entry.provider->name).member("model", entry.model.name);
    if (entry.model.context_tokens) { json.member("context_tokens", *entry.model.context_tokens); }
    if (entry.model.output_tokens) { json.member("max_output_tokens", *entry.model.output_tokens); }
    write_prices(entry, prices, json);
    json.end_object();
}

// What the provider itself said, in the client's own form, less what is written here.
void write_rest(const ListedModel& model, std::initializer_list<std::string_view> written, JsonWriter& json) {
    json_scan::each_member(model.raw, [&](std::string_view key, const json_scan::Value& value) {
        if (key != "llmgw" && std::ranges::find(written, key) == written.end()) { json.raw_member(key, value.text); }
        return true;
    });
}

// A picker shows nothing else, so a model behind a prefix names its provider.
std::string title_of(const ModelEntry& entry) {
    const auto& name = entry.model.title.empty() ? entry.model.name : entry.model.title;
    return entry.route != nullptr || entry.id == entry.model.name ? name : name + " (" + entry.provider->name + ")";
}

void write_number_or_null(std::string_view key, const std::optional<std::int64_t>& number, JsonWriter& json) {
    number ? json.member(key, *number) : json.key(key).null();
}

void write_anthropic(const ModelEntry& entry, JsonWriter& json) {
    const auto& model = entry.model;
    json.member("type", "model").member("id", entry.id).member("display_name", title_of(entry));
    if (model.form == ListingForm::anthropic) {
        write_rest(model, {"type", "id", "display_name"}, json);
        return;
    }
    // The SDK's types have all of these; an unknown date is said as the epoch.
    json.member("created_at", rfc3339(model.created_s));
    write_number_or_null("max_input_tokens", model.context_tokens, json);
    write_number_or_null("max_tokens", model.output_tokens, json);
    json.key("capabilities").null();
}

void write_gemini(const ModelEntry& entry, JsonWriter& json) {
    const auto& model = entry.model;
    json.member("name", "models/" + entry.id).member("displayName", title_of(entry));
    if (model.form == ListingForm::gemini) {
        write_rest(model, {"name", "displayName"}, json);
        return;
    }
    if (model.context_tokens) { json.member("inputTokenLimit", *model.context_tokens); }
    if (model.output_tokens) { json.member("outputTokenLimit", *model.output_tokens); }
    json.raw_member("supportedGenerationMethods", R"(["generateContent","countTokens"])");
}

void write_openai(const ModelEntry& entry, JsonWriter& json) {
    json.member("id", entry.id).member("object", "model").member("created", entry.model.created_s);
    json.member("owned_by", entry.route != nullptr ? std::string_view("llmgw") : entry.provider->name);
}

void write_entry(DialectId client, const ModelEntry& entry, const Prices& prices, JsonWriter& json) {
    json.begin_object();
    switch (client) {
        case DialectId::anthropic: write_anthropic(entry, json); break;
        case DialectId::gemini: write_gemini(entry, json); break;
        case DialectId::openai_chat:
        case DialectId::openai_responses:
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: write_openai(entry, json); break;
    }
    write_own(entry, prices, json);
    json.end_object();
}

}  // namespace

std::vector<ModelEntry> merge_models(std::span<const ProviderModels> known, const std::vector<Provider>& providers,
                                     DialectId client, bool claude_code, std::span<const Route> routes) {
    Merging merging(providers, client, claude_code);
    for (const auto& route : routes) {
        merging.add(route);
    }
    const auto own = [&](const ProviderModels& one) { return one.provider->name == native_provider(client); };
    for (const auto& one : known) {
        if (own(one)) { merging.add(one); }
    }
    for (const auto& one : known) {
        if (!own(one)) { merging.add(one); }
    }
    return merging.take();
}

std::string encode_model_list(DialectId client, std::span<const ModelEntry> entries, const Prices& prices) {
    JsonWriter json;
    json.begin_object();
    const bool openai = client == DialectId::openai_chat || client == DialectId::openai_responses;
    if (openai) { json.member("object", "list"); }
    json.key(client == DialectId::gemini ? "models" : "data").begin_array();
    for (const auto& entry : entries) {
        write_entry(client, entry, prices, json);
    }
    json.end_array();
    if (client == DialectId::anthropic) {
        json.member("has_more", false);
        entries.empty() ? json.key("first_id").null() : json.member("first_id", entries.front().id);
        entries.empty() ? json.key("last_id").null() : json.member("last_id", entries.back().id);
    }
    return json.end_object().take();
}

std::string encode_model(DialectId client, const ModelEntry& entry, const Prices& prices) {
    JsonWriter json;
    write_entry(client, entry, prices, json);
    return json.take();
}

}  // namespace llmgw
