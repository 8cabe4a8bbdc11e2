// A provider that llmgw has no key for: the SDKs tell it at once instead of trying again.
// Started by ../run_sdk.sh, which sets LLMGW_URL and LLMGW_KEY and configures the provider "nokey".
import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const { LLMGW_URL: url, LLMGW_KEY: key } = process.env;
assert.ok(url && key, 'run this through tests/e2e/run_sdk.sh');

const defaultHeaders = { 'x-llmgw-feature': 'sdk-nokey' };
const messages = [{ role: 'user', content: 'Say hello' }];

// Sends with the SDK's own number of retries, and counts what it sends.
const counting = () => {
  const seen = { sent: 0 };
  seen.fetch = (...args) => {
    seen.sent += 1;
    return fetch(...args);
  };
  return seen;
};

const is_told = (error) => error.status === 403 && /no usable key for provider/.test(error.message);

test('anthropic', async () => {
  const seen = counting();
  const client = new Anthropic({ apiKey: key, baseURL: url, defaultHeaders, fetch: seen.fetch });
  await assert.rejects(client.messages.create({ model: 'nokey/claude-x', max_tokens: 9, messages }), is_told);
  assert.equal(seen.sent, 1);
});

test('openai', async () => {
  const seen = counting();
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, defaultHeaders, fetch: seen.fetch });
  await assert.rejects(client.chat.completions.create({ model: 'nokey/gpt-x', messages }), is_told);
  await assert.rejects(client.responses.create({ model: 'nokey/gpt-x', input: 'Say hello' }), is_told);
  assert.equal(seen.sent, 2);
});

test('gemini', async () => {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url, headers: defaultHeaders } });
  const asked = client.models.generateContent({ model: 'nokey/gemini-x', contents: 'Say hello' });
  await assert.rejects(asked, is_told);
});
