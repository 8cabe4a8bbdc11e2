// Makes table.tsv: what each model takes and how much, from three of the published lists the prices are from.
//
//   node providers/models/generate.mjs DIR            rewrites table.tsv
//   node providers/models/generate.mjs DIR --check    fails when the committed table.tsv differs
//
// A route leaves out what cannot serve a request, so a wrong "no" does more harm than a missing one: a model can do
// what any list says it can; it cannot where a list says so and none says the contrary; else nothing is known. Sizes are
// the largest that any list names.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATES } from '../prices/sources.mjs';

const dir = process.argv.slice(2).find((a) => !a.startsWith('--'));
if (!dir) throw new Error('usage: generate.mjs DIR [--check]');
const read = (file) => JSON.parse(fs.readFileSync(path.join(dir, file), 'utf8'));
const modelsDev = read('models_dev.json');
const litellm = read('litellm_model_prices.json');
const openrouter = read('openrouter_models.json').data;

// llmgw's name of a host: models.dev's names, LiteLLM's names.
const HOSTS = {
    anthropic: [['anthropic'], ['anthropic']],
    openai: [['openai'], ['openai']],
    gemini: [['google'], ['gemini']],
    azure: [['azure'], ['azure']],
    bedrock: [['amazon-bedrock'], ['bedrock', 'bedrock_converse']],
    vertex: [['google-vertex', 'google-vertex-anthropic'], ['vertex_ai-language-models', 'vertex_ai-anthropic_models']],
    xai: [['xai'], ['xai']],
    groq: [['groq'], ['groq']],
    mistral: [['mistral'], ['mistral']],
    deepseek: [['deepseek'], ['deepseek']],
    openrouter: [['openrouter'], ['openrouter']],
    together: [['togetherai'], ['together_ai']],
    fireworks: [['fireworks-ai'], ['fireworks_ai']],
    cerebras: [['cerebras'], ['cerebras']],
    moonshot: [['moonshotai'], ['moonshot']],
    zai: [['zai'], ['zai']],
    cohere: [['cohere'], ['cohere_chat']],
    nvidia: [['nvidia'], []],
    huggingface: [['huggingface'], []],
};
const ABILITIES = ['tools', 'images', 'documents', 'audio', 'structured', 'thinking'];

const fromModelsDev = (m) => ({
    context: m.limit?.context, output: m.limit?.output,
    tools: m.tool_call, images: m.modalities.input.includes('image'), documents: m.modalities.input.includes('pdf') || undefined,
    audio: m.modalities.input.includes('audio'), structured: m.structured_output, thinking: m.reasoning,
});
// LiteLLM leaves out what it does not know of, so only its yes counts.
const yes = (value) => (value === true ? true : undefined);
const fromLitellm = (m) => ({
    context: Number(m.max_input_tokens) || undefined, output: Number(m.max_output_tokens) || undefined,
    tools: yes(m.supports_function_calling), images: yes(m.supports_vision), documents: yes(m.supports_pdf_input),
    audio: yes(m.supports_audio_input), structured: yes(m.supports_response_schema), thinking: yes(m.supports_reasoning),
});
const fromOpenrouter = (m) => {
    const can = (name) => (m.supported_parameters ?? []).includes(name);
    const takes = (kind) => (m.architecture?.input_modalities ?? []).includes(kind);
    return {
        context: m.context_length || undefined, output: m.top_provider?.max_completion_tokens || undefined,
        tools: can('tools'), images: takes('image'), documents: takes('file') || undefined, audio: takes('audio'),
        structured: can('structured_outputs'), thinking: can('reasoning'),
    };
};

// A name without the prefix of LiteLLM's host.
const shortName = (key, host) => (key.startsWith(host + '/') ? key.slice(host.length + 1) : key);

function gather(name, [devNames, liteNames]) {
    const models = new Map();
    const add = (model, facts) => {
        if (/\s/.test(model) || model.startsWith('~')) return;
        if (!models.has(model)) models.set(model, []);
        models.get(model).push(facts);
    };
    for (const host of devNames) {
        for (const [id, m] of Object.entries(modelsDev[host]?.models ?? {})) {
            if (m.modalities.output.includes('text')) add(id, fromModelsDev(m));
        }
    }
    const prefixes = { openai: 'openai', gemini: 'gemini', bedrock: 'bedrock', azure: 'azure', vertex: 'vertex_ai' };
    for (const [key, m] of Object.entries(litellm)) {
        if (!liteNames.includes(m?.litellm_provider) || !['chat', 'responses'].includes(m.mode)) continue;
        const id = shortName(key, prefixes[name] ?? liteNames[0]);
        if (name === 'bedrock' && id.includes('/')) continue;  // priced by region, the same model
        add(id, fromLitellm(m));
    }
    if (name === 'openrouter') for (const m of openrouter) add(m.id, fromOpenrouter(m));
    return models;
}

const vote = (values) => (values.includes(true) ? 'yes' : values.includes(false) ? 'no' : '');
const largest = (values) => { const known = values.filter(Boolean); return known.length ? String(Math.max(...known)) : ''; };

const rows = [];
for (const [name, lists] of Object.entries(HOSTS)) {
    for (const [model, all] of gather(name, lists)) {
        const of = (field) => all.map((facts) => facts[field]);
        rows.push([name, model, largest(of('context')), largest(of('output')), ...ABILITIES.map((a) => vote(of(a)))]);
    }
}
const bytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
rows.sort((a, b) => bytes(a[0], b[0]) || bytes(a[1], b[1]));
const text = `R"tsv(# What models take, and how much. Written by providers/models/generate.mjs, which says how: do not edit.
# This file is included as one C++ raw string, hence its first and last line.
#
# Tabs between columns; an empty cell is "the lists do not say". Sizes in tokens. Sorted by host and model (bytes).
# Sources, facts only (all MIT): models.dev ${DATES['models.dev']}, litellm ${DATES.litellm}, openrouter ${DATES.openrouter}
#
# host\tmodel\tcontext\toutput\t${ABILITIES.join('\t')}
${rows.map((r) => r.join('\t') + '\n').join('')})tsv"
`;
const target = fileURLToPath(new URL('table.tsv', import.meta.url));
console.log(`${rows.length} rows`);
if (process.argv.includes('--check')) {
    if (fs.readFileSync(target, 'utf8') !== text) {
        console.error('table.tsv differs from what the lists give: run providers/models/generate.mjs and commit it');
        process.exit(1);
    }
} else {
    fs.writeFileSync(target, text);
}
