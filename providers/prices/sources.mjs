// Reads the four published price lists into one shape:
//   offers(list, name) -> { source, date, lines: Map("variant|threshold" -> { input, output, ... }) } or undefined
//   names(list)        -> the model names that list knows for a provider
import fs from 'node:fs';
import path from 'node:path';
import { parseJsonKeepingNumbers, perEach, perMillion, perThousandEach, perToken } from './decimal.mjs';

// The files carry no date of their own (LiteLLM's mirror does): bring these up to date with the files.
export const DATES = { genai: '2026-08-21', litellm: '2026-07-24', 'models.dev': '2026-07-02', openrouter: '2026-05-15' };
// The day whose prices are taken where a list announces changes ahead: the day the table is made. Written down,
// not asked of the clock, so that the same files give the same table.
export const AS_OF = '2026-11-21';

const read = (dir, file) => parseJsonKeepingNumbers(fs.readFileSync(path.join(dir, file), 'utf8'));
const offer = (source, lines) => ({ source, date: DATES[source], lines });
const compact = (fields) => Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined));
// What is billed in a unit these rows have no column for: pictures, speech and music out, realtime sessions.
const OTHER_UNITS = /image|imagen|tts|-live|native-audio|realtime|transcribe|whisper|lyria|veo|orpheus|robotics|gemini-embedding-2|omni/;

export const dateless = (name) => name.replace(/@.*$/, '').replace(/-latest$|-\d{8}$|-\d{4}-\d{2}-\d{2}$/, '');

// The same list by the names in front of an @; a name without one is believed first.
export function undated(list) {
    const names = [...new Set(list.names.map((n) => n.replace(/@.*$/, '')))];
    return { names, find: (name) => list.find(name) ?? list.find(list.names.find((n) => n.startsWith(`${name}@`))) };
}

const LITELLM_FIELDS = {
    input_cost_per_token: 'input', output_cost_per_token: 'output', cache_read_input_token_cost: 'cache_read',
    input_cost_per_token_cache_hit: 'cache_hit', cache_creation_input_token_cost: 'cache_write_5m',
    cache_creation_input_token_cost_above_1hr: 'cache_write_1h', output_cost_per_reasoning_token: 'reasoning',
    input_cost_per_audio_token: 'audio_input', output_cost_per_audio_token: 'audio_output',
};
const LITELLM_KEY = new RegExp(
    `^(${Object.keys(LITELLM_FIELDS).sort((a, b) => b.length - a.length).join('|')})` +
    '(?:_above_(\\d+)k_tokens)?(?:_(flex|priority|batches))?$');

function litellmLines(entry) {
    const lines = new Map();
    for (const [key, value] of Object.entries(entry)) {
        const match = LITELLM_KEY.exec(key);
        if (!match || value === null) continue;
        const variant = match[3] === 'batches' ? 'batch' : match[3] ?? '';
        const at = `${variant}|${Number(match[2] ?? 0) * 1000}`;
        if (!lines.has(at)) lines.set(at, {});
        lines.get(at)[LITELLM_FIELDS[match[1]]] = perToken(value);
    }
    for (const line of lines.values()) {
        line.cache_read ??= line.cache_hit;
        delete line.cache_hit;
    }
    const base = lines.get('|0');
    if (!base) return lines;
    // A search fee is known only where it does not depend on the context size and is counted per query.
    const search = [...new Set(Object.values(entry.search_context_cost_per_query ?? {}))];
    const countedApart = entry.litellm_provider !== 'gemini' || entry.web_search_billing_unit === 'per_query';
    if (search.length === 1 && countedApart) base.web_search = perEach(search[0]);
    const extra = entry.provider_specific_entry ?? {};
    if (extra.us) base.us_percent = perEach(extra.us) / 10n ** 10n;
    if (extra.fast) {
        const percent = perEach(extra.fast) / 10n ** 10n;
        const fields = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h'];
        const at = (field) => (base[field] === undefined ? undefined : (base[field] * percent) / 100n);
        lines.set('fast|0', compact(Object.fromEntries(fields.map((field) => [field, at(field)]))));
    }
    return lines;
}

export function litellm(dir) {
    const data = read(dir, 'litellm_model_prices.json');
    const modes = new Set(['chat', 'completion', 'responses', 'embedding']);
    return ({ providers, prefix, keep = () => true }) => {
        const byName = new Map();
        for (const [key, entry] of Object.entries(data)) {
            if (!providers.includes(entry?.litellm_provider) || !modes.has(entry.mode) || OTHER_UNITS.test(key)) continue;
            if (entry.tiered_pricing) throw new Error(`${key}: tiered_pricing is not read here`);
            // A fee per request has no column: tokens alone would be too little.
            if (entry.input_cost_per_request || entry.citation_cost_per_token) continue;
            const prefixed = key.startsWith(prefix + '/');
            const name = prefixed ? key.slice(prefix.length + 1) : key;
            if (!keep(name) || (byName.has(name) && !prefixed)) continue;
            byName.set(name, offer('litellm', litellmLines(entry)));
        }
        return { names: [...byName.keys()], find: (name) => byName.get(name) };
    };
}

const MODELS_DEV_VARIANTS = [['service_tier', 'priority', 'priority'], ['service_tier', 'flex', 'flex'], ['speed', 'fast', 'fast']];

function modelsDevFields(cost) {
    return compact({
        input: perMillion(cost.input), output: perMillion(cost.output),
        cache_read: perMillion(cost.cache_read ?? cost.cached_input),
        cache_write_5m: perMillion(cost.cache_write ?? cost.cached_write),
        reasoning: perMillion(cost.reasoning), audio_input: perMillion(cost.input_audio), audio_output: perMillion(cost.output_audio),
    });
}

export function modelsDev(dir) {
    const data = read(dir, 'models_dev.json');
    return ({ provider, keep = () => true }) => {
        const byName = new Map();
        for (const [name, model] of Object.entries(data[provider]?.models ?? {})) {
            const made = model.modalities?.output ?? ['text'];
            if (!model.cost || model.cost.request || OTHER_UNITS.test(name) || !keep(name, model)) continue;
            if (!made.includes('text') || made.includes('image') || made.includes('video')) continue;
            const lines = new Map([['|0', modelsDevFields(model.cost)]]);
            for (const tier of model.cost.tiers ?? []) lines.set(`|${tier.tier.size}`, modelsDevFields(tier));
            for (const mode of Object.values(model.experimental?.modes ?? {})) {
                const selected = MODELS_DEV_VARIANTS.find(([key, value]) => mode.provider?.body?.[key] === value);
                if (selected && mode.cost) lines.set(`${selected[2]}|0`, modelsDevFields(mode.cost));
            }
            byName.set(name, offer('models.dev', lines));
        }
        return { names: [...byName.keys()], find: (name) => byName.get(name) };
    };
}

// The price in force on AS_OF and, where the list records a change, its day. Prices by the time of day cannot be a row: undefined.
function genaiInForce(prices) {
    if (!Array.isArray(prices)) return { prices };
    if (prices.some((p) => p.constraint?.start_time)) return {};
    const entry = prices.filter((p) => (p.constraint?.start_date ?? '') <= AS_OF).at(-1);
    return { prices: entry?.prices, since: entry?.constraint?.start_date };
}

function genaiLines(prices) {
    const lines = new Map([['|0', {}]]);
    const put = (field, value, convert) => {
        if (value === undefined) return;
        lines.get('|0')[field] = convert(value?.base ?? value);
        for (const tier of value?.tiers ?? []) {
            const at = `|${tier.start}`;
            if (!lines.has(at)) lines.set(at, {});
            lines.get(at)[field] = convert(tier.price);
        }
    };
    put('input', prices.input_mtok, perMillion);
    put('output', prices.output_mtok, perMillion);
    put('cache_read', prices.cache_read_mtok, perMillion);
    put('cache_write_5m', prices.cache_write_5m_mtok ?? prices.cache_write_mtok, perMillion);
    put('cache_write_1h', prices.cache_write_1h_mtok, perMillion);
    put('reasoning', prices.output_reasoning_mtok, perMillion);
    put('audio_input', prices.input_audio_mtok, perMillion);
    put('audio_output', prices.output_audio_mtok, perMillion);
    put('web_search', prices.web_searches_kcount, perThousandEach);
    return lines;
}

// Its matchers are generous ("contains", patterns); here a name must be the very same, so that a price never lands
// on a neighbour.
export function genai(dir) {
    const data = read(dir, 'genai_prices_v2.json');
    const ahead = [];
    const of = ({ provider, keep = () => true, rename = (name) => name, aliases = true }) => {
        const byName = new Map();
        const names = new Set();
        const groups = [];
        for (const model of data.find((p) => p.id === provider)?.models ?? []) {
            if (!keep(model.id) || OTHER_UNITS.test(model.id)) continue;
            for (const later of Array.isArray(model.prices) ? model.prices : []) {
                if ((later.constraint?.start_date ?? '') > AS_OF) ahead.push({ provider, model: model.id, from: later.constraint.start_date, prices: later.prices });
            }
            const { prices, since } = genaiInForce(model.prices);
            if (!prices || prices.input_mtok === undefined || prices.requests_kcount || prices.output_citation_mtok) continue;
            const found = { ...offer('genai', genaiLines(prices)), since };
            const group = [];
            groups.push(group);
            for (const term of [{ equals: model.id }, ...(model.match.or ?? [model.match])]) {
                const literal = term.equals ?? term.starts_with;
                if (literal === undefined || /[-@]$/.test(literal) || !keep(literal)) continue;
                group.push(rename(literal));
                if (!byName.has(rename(literal))) byName.set(rename(literal), found);
                if (term.equals !== undefined && (aliases || literal === model.id)) names.add(rename(literal));
            }
        }
        return { names: [...names], find: (name) => byName.get(name), groups };
    };
    return { of, ahead, providers: data.map((p) => p.id) };
}

export function openrouter(dir) {
    const byName = new Map();
    for (const model of read(dir, 'openrouter_models.json').data) {
        const price = model.pricing;
        const made = model.architecture?.output_modalities ?? ['text'];
        if (price.prompt.startsWith('-') || model.id.startsWith('~') || made.includes('image') || made.includes('audio')) continue;
        const line = compact({
            input: perToken(price.prompt), output: perToken(price.completion), cache_read: perToken(price.input_cache_read),
            cache_write_5m: perToken(price.input_cache_write), reasoning: perToken(price.internal_reasoning),
            audio_input: perToken(price.audio), web_search: perEach(price.web_search),
        });
        for (const name of [model.id, model.canonical_slug]) {
            // A free variant shares its slug with the paid model.
            if (name !== model.id && model.id.includes(':')) continue;
            if (name === model.id || !byName.has(name)) byName.set(name, offer('openrouter', new Map([['|0', line]])));
        }
    }
    return { names: [...byName.keys()], find: (name) => byName.get(name) };
}
