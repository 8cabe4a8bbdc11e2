// Prices that no list states but the vendor publishes as a rule, and the checks every line must pass.

const times = (value, numerator, denominator) => (value === undefined ? undefined : (value * numerator) / denominator);
const scale = (line, numerator, denominator, fields) =>
    Object.fromEntries(fields.filter((f) => line[f] !== undefined).map((f) => [f, times(line[f], numerator, denominator)]));
const TOKENS = ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h'];

function anthropic(model) {
    for (const line of model.lines.values()) {
        // A five-minute write is 1.25 x input; a number below the input price is a slip.
        if (line.cache_write_5m < line.input) line.cache_write_5m = (line.input * 5n) / 4n;
        // A one-hour cache write is twice the input price on every Claude model (LiteLLM has two slips there).
        if (line.cache_write_5m !== undefined) line.cache_write_1h = 2n * line.input;
    }
    for (const [at, line] of [...model.lines]) {
        // Message Batches cost half, on top of the cache's factors.
        if (at.startsWith('|')) model.lines.set('batch' + at, scale(line, 1n, 2n, TOKENS));
    }
}

function openai(model, name) {
    // 10 USD per thousand searches with the reasoning models; with others it depends on the tool's version.
    if (/^(gpt-5|o3|o4)/.test(name)) model.lines.get('|0').web_search ??= 10n ** 10n;
}

function groq(model) {
    // The flex tier costs what on-demand costs.
    for (const [at, line] of [...model.lines]) {
        if (at.startsWith('|')) model.lines.set('flex' + at, { ...line });
    }
}

function mistral(model) {
    // Cached prompt tokens cost a tenth of the input price.
    for (const line of model.lines.values()) {
        if (line.output !== undefined) line.cache_read ??= line.input / 10n;
    }
}

// A "-latest" name is its family's newest dated model; the lists follow such moves late.
function mistralLatest(models) {
    for (const name of [...models.keys()]) {
        if (!name.endsWith('-latest')) continue;
        const family = name.slice(0, -'latest'.length);
        const newest = [...models.keys()].filter((n) => n.startsWith(family) && /^\d{4}$/.test(n.slice(family.length))).sort().at(-1);
        if (newest) models.set(name, models.get(newest));
    }
}

function sameAsInput(model) {
    for (const line of model.lines.values()) line.cache_read ??= line.input;
}

// OpenRouter bills cached tokens like others where it lists no price for them. Its list has no long-context lines;
// they are the vendor's where its base price is the vendor's.
const VENDORS = { anthropic: 'anthropic', google: 'gemini', openai: 'openai', 'x-ai': 'xai' };
function openrouter(model, name, all) {
    const [author, rest = ''] = name.split('/');
    const vendor = all.get(VENDORS[author]);
    const native = vendor?.get(rest) ?? vendor?.get(rest.replaceAll('.', '-'));
    const [base, theirs] = [model.lines.get('|0'), native?.lines.get('|0')];
    if (theirs && theirs.input === base.input && theirs.output === base.output) {
        for (const at of [...model.lines.keys()]) if (at !== '|0') model.lines.delete(at);
        for (const [at, line] of native.lines) if (at !== '|0' && at.startsWith('|')) model.lines.set(at, { ...line });
    }
    sameAsInput(model);
    if (author !== 'anthropic') return;
    for (const line of model.lines.values()) {
        if (line.cache_write_5m !== undefined) line.cache_write_1h = 2n * line.input;
    }
}

export function applyRules(merged) {
    for (const [provider, models] of merged) {
        for (const model of models.values()) tidy(model);
        if (provider === 'mistral') mistralLatest(models);
    }
    const each = { anthropic, openai, groq, mistral, cerebras: sameAsInput };
    for (const [provider, rule] of Object.entries(each)) {
        for (const [name, model] of merged.get(provider)) rule(model, name);
    }
    for (const [name, model] of merged.get('openrouter')) openrouter(model, name, merged);
}

// What the lists write where they mean "nothing special".
function tidy(model) {
    for (const line of model.lines.values()) {
        if (line.input > 0n) {
            for (const field of ['cache_read', 'cache_write_5m', 'cache_write_1h']) if (line[field] === 0n) delete line[field];
        }
        if (line.reasoning === line.output) delete line.reasoning;
        // Speech is never cheaper than text: such numbers were left behind by a change of the text price. And where
        // it costs the same it is not priced apart.
        if (line.audio_input !== undefined && line.audio_input <= line.input) delete line.audio_input;
    }
}

// Why a line must not be used, or undefined.
export function sane(at, line, lines) {
    const base = lines.get('|0');
    const [variant, threshold] = at.split('|');
    if (base.output === undefined && line.input > 10n ** 12n) return 'an embedding price above 1 USD per million';
    if (base.output === 0n && line.input > 10n ** 12n) return 'an embedding price above 1 USD per million';
    if (Number(threshold) > 0 && line.output === undefined) return 'a long-context line without an output price';
    const standard = lines.get('|' + threshold);
    if (variant === '' || !standard) return undefined;
    if (variant === 'priority' && line.input <= standard.input) return 'priority is not dearer than standard';
    if ((variant === 'flex' || variant === 'batch') && line.input > standard.input) return `${variant} is dearer than standard`;
    return undefined;
}
