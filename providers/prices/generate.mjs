// Makes table.tsv, llmgw's own price table, from four published lists.
//
//   node providers/prices/generate.mjs DIR            rewrites table.tsv
//   node providers/prices/generate.mjs DIR --check    fails when the committed table.tsv differs
//
// DIR holds litellm_model_prices.json, genai_prices_v2.json, models_dev.json, openrouter_models.json.
//
// Which list is believed. The date of a file says little about its entries: the newest file (genai) still holds
// DeepSeek prices of 2025, LiteLLM keeps a Codestral price of 2024. So the order is decided per provider, in LISTS,
// newest first unless an entry is known to be stale; a reason stands with each exception.
//   1. The first list with a price for the name gives input and output. A price of 0 counts only where every
//      list that knows the name says 0, and the name or the vendor says that it is free.
//      Where it stands alone against two lists that agree, those win.
//      A price whose change is recorded with a day wins over every list that is older than that day.
//   2. Whatever agrees on both may add what is lacking: cache, reasoning, audio, long-context lines, service tiers;
//      first the other lists, then other names of the same model (with another date or none, or an alias).
//      What disagrees adds nothing, because its other numbers belong to another base price.
//   3. A tier given by two lists with different prices: models.dev, entered by hand per model, wins over LiteLLM
//      (gpt-5.5 priority is 2.5 x, LiteLLM computes 2 x).
//   4. Nothing is guessed. What is left open after this is empty in the table, and tokens that fall there have an
//      unknown cost. Rules the vendors publish, and only those, fill gaps: see rules.mjs.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dollars } from './decimal.mjs';
import { applyRules, sane } from './rules.mjs';
import * as from from './sources.mjs';

const arguments_ = process.argv.slice(2);
const dir = arguments_.find((a) => !a.startsWith('--'));
if (!dir) throw new Error('usage: generate.mjs DIR [--check]');

const litellm = from.litellm(dir);
const modelsDev = from.modelsDev(dir);
const genai = from.genai(dir);
const openrouter = from.openrouter(dir);
const L = (providers, prefix, keep) => litellm({ providers, prefix, keep });
const M = (provider, keep) => modelsDev({ provider, keep });
const G = (provider, keep) => genai.of({ provider, keep });

// Names without a version (gemini-pro, gemini-flash-latest) move and the lists disagree on where to; the answer's
// modelVersion names the model itself.
const onVertex = (name) => isGemini(name) || name.startsWith('claude-');
const isGemini = (name) => /^gemini-(\d|embedding|exp)/.test(name);

const LISTS = {
    anthropic: [G('anthropic'), L(['anthropic'], 'anthropic'), M('anthropic')],
    openai: [G('openai', (n) => !/^gpt-\d-\d/.test(n)), L(['openai', 'text-completion-openai'], 'openai', (n) => !n.includes('/')), M('openai')],
    // Deployments are priced by the model that the answer names. Data zones (eu/, us/) cost more; no answer tells one.
    // LiteLLM has Jais a thousand times too dear.
    azure: [L(['azure'], 'azure', (n) => !n.includes('/')), M('azure'), L(['azure_ai'], 'azure_ai', (n) => !n.includes('/') && !n.startsWith('jais-'))],
    // Without the date behind an @, which the search for a name takes away as well.
    vertex: [L(['vertex_ai', 'vertex_ai-language-models', 'vertex_ai-anthropic_models'], 'vertex_ai', onVertex), M('google-vertex', onVertex), M('google-vertex-anthropic')].map(from.undated),
    // By the whole id: regional profiles (us., eu.) cost more than global ones. LiteLLM's names with a region in front
    // are another way to the same models.
    bedrock: [L(['bedrock', 'bedrock_converse'], 'bedrock', (n) => !n.includes('/')), M('amazon-bedrock', (n) => !n.includes('/'))],
    // Google's list in genai also holds Vertex's other vendors and third-party Gemma prices; here Gemma is free.
    gemini: [G('google', isGemini), L(['gemini'], 'gemini', (n) => isGemini(n) || n.startsWith('gemma-')), M('google', isGemini)],
    // models.dev knows the price cut of the grok-4.20 snapshots that LiteLLM lacks.
    xai: [G('x-ai', (n) => !n.includes('/')), M('xai'), L(['xai'], 'xai')],
    groq: [L(['groq'], 'groq'), M('groq'), G('groq')],
    // Only dated names of genai are current; the others are years old.
    mistral: [G('mistral', (n) => /-\d{4}$/.test(n)), M('mistral'), L(['mistral'], 'mistral')],
    // Since deepseek-chat and deepseek-reasoner are names for v4-flash only models.dev has their price.
    deepseek: [M('deepseek'), L(['deepseek'], 'deepseek', (n) => !n.includes('/'))],
    // OpenRouter's own list first; the bill it states in every answer wins over all of this anyway.
    openrouter: [openrouter, M('openrouter', (n) => !n.startsWith('~')), G('openrouter', (n) => /^[^~].*\//.test(n)), L(['openrouter'], 'openrouter')],
    // LiteLLM has a typing error in the largest Qwen3 (6 for 0.6).
    together: [M('togetherai'), L(['together_ai'], 'together_ai', (n) => n.includes('/')), G('together')],
    // Answers name the model by its account path; LiteLLM's short names are its own.
    fireworks: [L(['fireworks_ai', 'fireworks_ai-embedding-models'], 'fireworks_ai', (n) => n.includes('/') && !n.endsWith('/')), M('fireworks-ai'), G('fireworks', (n) => n.includes('/'))],
    cerebras: [L(['cerebras'], 'cerebras'), M('cerebras'), G('cerebras')],
    // kimi-latest and v1-auto are priced by the context size they pick, which no answer tells.
    moonshot: [G('moonshotai', (n) => n !== 'kimi-k2'), L(['moonshot'], 'moonshot', (n) => !/^kimi-latest$|-auto$/.test(n)), M('moonshotai')],
    zai: [L(['zai'], 'zai'), M('zai')],
    // The Sonar models have a fee per request, for which a row has no column: left out, their answers state the bill.
    perplexity: [L(['perplexity'], 'perplexity', (n) => /^pplx-embed/.test(n)), G('perplexity', (n) => n === 'r1-1776')],
    cohere: [L(['cohere', 'cohere_chat'], 'cohere'), M('cohere'), G('cohere')],
    // The hosted trial endpoints are free; the other numbers models.dev shows there are another vendor's.
    nvidia: [M('nvidia', (n, model) => Number(model.cost.input) === 0 && Number(model.cost.output) === 0)],
    // The router's price is that of the host it picks: known only when the name says which.
    huggingface: genai.providers.filter((id) => id.startsWith('huggingface_')).map((provider) =>
        genai.of({ provider, aliases: false, rename: (n) => `${n}:${provider.slice('huggingface_'.length)}` })),
};

const notes = { disagreements: [], dropped: [] };

const isFree = (line) => line.input === 0n && (line.output ?? 0n) === 0n;
const agree = (a, b) => a && b && a.input === b.input && (a.output ?? b.output ?? 0n) === (b.output ?? a.output ?? 0n);
const fill = (line, more) => { for (const [k, v] of Object.entries(more)) line[k] ??= v; };

// For every name the names of the same model: the same but for a date, or one entry of genai.
function families(lists) {
    const family = new Map();
    const join = (names) => {
        const all = new Set(names.flatMap((n) => [n, ...(family.get(n) ?? [])]));
        for (const name of all) family.set(name, all);
    };
    for (const name of lists.flatMap((list) => list.names)) join([name, from.dateless(name)]);
    for (const group of lists.flatMap((list) => list.groups ?? [])) join(group);
    return family;
}

function outvoted(first, priced) {
    const others = priced.filter((o) => !agree(o.lines.get('|0'), first.lines.get('|0')));
    const alone = priced.length > 2 && others.length === priced.length - 1;
    const united = others.every((o) => agree(o.lines.get('|0'), others[0].lines.get('|0')) && !isFree(o.lines.get('|0')));
    return alone && united ? others[0] : first;
}

const MAY_BE_FREE = { nvidia: /./, zai: /-flash$/, gemini: /^gemma-/ };

// One model's lines from the offers of all lists, best list first, and those of its relatives.
function merge(provider, name, offers, relatives) {
    const hasPrice = (o) => o.lines.get('|0')?.input !== undefined;
    const priced = offers.filter(hasPrice);
    if (priced.length === 0) return undefined;
    const first = priced.find((o) => !isFree(o.lines.get('|0'))) ?? priced[0];
    const changed = priced.find((o) => o.since && o.since > (first === o ? '' : first.date));
    const best = changed ?? outvoted(first, priced);
    const base = { ...best.lines.get('|0') };
    if (isFree(base) && !/free$/i.test(name) && !MAY_BE_FREE[provider]?.test(name)) return undefined;
    const others = [...priced, ...relatives.filter(hasPrice)].filter((o) => o !== best);
    const agreeing = [best, ...others.filter((o) => agree(o.lines.get('|0'), base))];
    for (const other of priced) {
        if (!agreeing.includes(other)) notes.disagreements.push(`${provider}\t${name}\t${describe(best)}\t${describe(other)}`);
    }
    const lines = new Map([['|0', base]]);
    const byHandFirst = [...agreeing].sort((a, b) => (b.source === 'models.dev') - (a.source === 'models.dev'));
    for (const other of agreeing) fill(base, other.lines.get('|0'));
    // A factor holds whatever the base price is.
    for (const other of others) if (other.lines.get('|0').us_percent) base.us_percent ??= other.lines.get('|0').us_percent;
    for (const variant of [false, true]) {
        for (const other of variant ? byHandFirst : agreeing) {
            for (const [at, line] of other.lines) {
                if (at === '|0' || at.startsWith('|') === variant || line.input === undefined) continue;
                if (!lines.has(at)) lines.set(at, { ...line });
                else if (agree(lines.get(at), line)) fill(lines.get(at), line);
            }
        }
    }
    return { source: best.source, date: best.date, lines };
}

const describe = (o) => `${o.source} ${dollars(o.lines.get('|0').input)}/${dollars(o.lines.get('|0').output ?? 0n)}`;

const COLUMNS = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning', 'audio_input', 'audio_output', 'web_search'];

// Claude costs there what it costs at Anthropic, whose list is newer; tiers are Anthropic's own. Vertex's regions cost
// a tenth more than its global endpoint, which no answer tells.
function sellClaudeAtHosts(merged) {
    for (const [name, model] of merged.get('anthropic')) {
        if (!name.startsWith('claude-')) continue;
        const { us_percent, ...base } = model.lines.get('|0');
        const lines = new Map([['|0', base], ...[...model.lines].filter(([at]) => at !== '|0' && at.startsWith('|'))]);
        for (const host of ['azure', 'vertex']) merged.get(host).set(name, { ...model, lines });
    }
}

function table() {
    const merged = new Map();
    for (const [provider, lists] of Object.entries(LISTS)) {
        const models = new Map();
        const family = families(lists);
        for (const name of new Set(lists.flatMap((list) => list.names))) {
            if (/[\s\t]/.test(name)) continue;
            const offers = (n) => lists.map((list) => list.find(n)).filter(Boolean);
            const relatives = [...family.get(name)].filter((n) => n !== name).sort();
            const found = merge(provider, name, offers(name), relatives.flatMap(offers));
            if (found) models.set(name, found);
        }
        merged.set(provider, models);
    }
    applyRules(merged);
    sellClaudeAtHosts(merged);
    const rows = [];
    for (const [provider, models] of merged) {
        for (const [name, model] of models) {
            const base = model.lines.get('|0');
            for (const [at, line] of model.lines) {
                const why = sane(at, line, model.lines);
                if (why) { notes.dropped.push(`${provider}\t${name}\t${at}\t${why}`); continue; }
                const [variant, threshold] = at.split('|');
                // A search costs the same and the region counts the same whatever the tier.
                const whole = { ...line, web_search: base.web_search };
                const cells = COLUMNS.map((c) => (whole[c] === undefined ? '' : dollars(whole[c])));
                rows.push([provider, name, variant, threshold, ...cells, (base.us_percent ?? 100n).toString(), model.source, model.date]);
            }
        }
    }
    // The order in which C++ compares the bytes of strings.
    const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    rows.sort((a, b) => bytes(a[0], b[0]) || bytes(a[1], b[1]) || bytes(a[2], b[2]) || Number(a[3]) - Number(b[3]));
    return rows;
}

const rows = table();
const later = genai.ahead.filter((a) => a.prices.input_mtok)
    .map((a) => `#   ${a.provider} ${a.model} from ${a.from}: input ${a.prices.input_mtok}, output ${a.prices.output_mtok}`).sort();
const header = `# Prices built into llmgw. Written by providers/prices/generate.mjs, which says how the sources were weighed: do not edit.
# This file is included as one C++ raw string, hence its first and last line.
#
# One row is one core/usage/prices.hpp PriceLine. Tabs between columns; an empty cell is "the lists do not say".
# Money is US dollars per million tokens, web_search dollars per search. threshold: the row applies when the whole
# prompt is larger than this many tokens. us_percent: 110 bills tokens at 1.1 x when inference_geo is "us".
# Sorted by provider, model, variant, threshold (bytes).
#
# Sources, facts only (all MIT): ${Object.entries(from.DATES).map(([k, v]) => `${k} ${v}`).join(', ')}
#   litellm: BerriAI/litellm model_prices_and_context_window.json; genai: pydantic/genai-prices v2 feed;
#   models.dev: anomalyco/models.dev; openrouter: its /api/v1/models.
# Prices in force on ${from.AS_OF}. Changes already announced for later:
${[...new Set(later)].join('\n')}
#
# provider\tmodel\tvariant\tthreshold\t${COLUMNS.join('\t')}\tus_percent\tsource\tdate
`;
const text = 'R"tsv(' + header + rows.map((r) => r.join('\t') + '\n').join('') + ')tsv"\n';

const target = fileURLToPath(new URL('table.tsv', import.meta.url));
if (arguments_.includes('--notes')) {
    for (const [title, list] of Object.entries(notes)) console.log(`== ${title}\n${list.join('\n')}`);
}
console.log(`${rows.length} rows; ${notes.disagreements.length} disagreements between lists; ${notes.dropped.length} lines dropped (--notes shows them)`);
if (arguments_.includes('--check')) {
    if (fs.readFileSync(target, 'utf8') !== text) {
        console.error('table.tsv differs from what the lists give: run providers/prices/generate.mjs and commit it');
        process.exit(1);
    }
} else {
    fs.writeFileSync(target, text);
}
