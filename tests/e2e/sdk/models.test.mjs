// Each official SDK's models.list() gets every provider's models. Started by ../run_sdk.sh, which sets LLMGW_URL and
// LLMGW_KEY.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const { LLMGW_URL: url, LLMGW_KEY: key } = process.env;
assert.ok(url && key, 'run this through tests/e2e/run_sdk.sh');

const everywhere = ['anthropic/claude-haiku-4-5', 'openai/gpt-5-mini', 'gemini/gemini-2.5-flash'];

// The iterators ask for pages until there are no more.
async function all(pages) {
  const entries = [];
  for await (const entry of pages) entries.push(entry);
  return entries;
}

function check(entries, id_of, bare) {
  const ids = entries.map(id_of);
  for (const id of [...everywhere, bare]) assert.ok(ids.includes(id), `${id} in ${ids}`);
  assert.equal(new Set(ids).size, ids.length);
}

test('openai', async () => {
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
  const entries = await all(client.models.list());
  check(entries, (entry) => entry.id, 'gpt-5-mini');
  assert.ok(entries.every((entry) => entry.object === 'model' && Number.isInteger(entry.created)));
  assert.equal((await client.models.retrieve('anthropic/claude-haiku-4-5')).owned_by, 'anthropic');
});

test('anthropic', async () => {
  const client = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });
  for (const query of [{}, { limit: 1 }]) {
    const entries = await all(client.models.list(query));
    check(entries, (entry) => entry.id, 'claude-haiku-4-5');
    assert.ok(entries.every((entry) => entry.type === 'model' && entry.display_name && Date.parse(entry.created_at) >= 0));
  }
  assert.equal((await client.models.retrieve('openai/gpt-5-mini')).id, 'openai/gpt-5-mini');
});

test('google', async () => {
  for (const apiVersion of ['v1beta', 'v1', undefined]) {
    const client = new GoogleGenAI({ apiKey: key, apiVersion, httpOptions: { baseUrl: url } });
    const entries = await all(await client.models.list({ config: { pageSize: 1 } }));
    check(entries, (entry) => entry.name.replace(/^models\//, ''), 'gemini-2.5-flash');
    assert.ok(entries.every((entry) => entry.supportedActions.includes('generateContent')));
    assert.equal((await client.models.get({ model: 'gemini-2.5-flash' })).inputTokenLimit, 1000);
    assert.equal((await client.models.get({ model: 'models/openai/gpt-5-mini' })).name, 'models/openai/gpt-5-mini');
  }
});
