// An SDK that loses patience and retries by itself, with [streams] resume: the retry attaches to the call that runs, and
// the provider is asked once. Started by ../run_sdk.sh, which sets LLMGW.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const { LLMGW } = process.env;
assert.ok(LLMGW, 'run this through tests/e2e/run_sdk.sh');

const home = mkdtempSync(join(tmpdir(), 'llmgw-resume-'));
const env = {
  PATH: process.env.PATH,
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  LLMGW_TEST_PROVIDER_KEY: 'sk-provider-key-of-the-resume-tests',
};
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const chunk = (content, more = {}) =>
  `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta: { content }, ...more }] })}\n\n`;
const claude = [
  { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'patience' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } },
  { type: 'message_stop' },
];

let server;
let gateway;
let url;
let key;
let asked = 0;
let let_it_answer;  // called when the client has come a second time
let may_answer;

function answer(request, response) {
  asked += 1;
  let body = '';
  request.on('data', (piece) => (body += piece));
  request.on('end', async () => {
    await may_answer;
    if (request.url.endsWith('/messages')) {
      response.setHeader('content-type', 'text/event-stream');
      response.end(claude.map((e) => `event: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`).join(''));
    } else if (JSON.parse(body).stream) {
      response.setHeader('content-type', 'text/event-stream');
      response.end(chunk('pati') + chunk('ence', { finish_reason: 'stop' }) + 'data: [DONE]\n\n');
    } else {
      response.setHeader('content-type', 'application/json');
      const message = { role: 'assistant', content: 'patience' };
      response.end(JSON.stringify({ id: 'a', model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage }));
    }
  });
}

before(async () => {
  server = http.createServer(answer);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream = `http://127.0.0.1:${server.address().port}`;
  mkdirSync(join(home, 'config/llmgw'), { recursive: true });
  writeFileSync(join(home, 'config/llmgw/config.toml'), `
[streams]
resume = true
[providers.openai]
base_url = "${upstream}/v1"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
[providers.anthropic]
base_url = "${upstream}"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
`);
  gateway = spawn(LLMGW, ['serve', '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  url = await new Promise((resolve, reject) => {
    let said = '';
    gateway.stderr.on('data', (piece) => {
      said += piece;
      const found = said.match(/listening on (http:\S+)/);
      if (found) resolve(found[1]);
    });
    gateway.on('exit', () => reject(new Error(said)));
  });
  key = readFileSync(join(home, 'data/llmgw/client_key'), 'utf8').trim();
});

after(async () => {
  gateway?.removeAllListeners('exit');
  const gone = new Promise((resolve) => gateway.on('exit', resolve));
  gateway?.kill();
  await gone;
  server.close();
  rmSync(home, { recursive: true, force: true });
});

// A client whose first try is given up after a moment; the second one may be answered.
function impatient() {
  let tries = 0;
  asked = 0;
  may_answer = new Promise((resolve) => (let_it_answer = resolve));
  return {
    fetch: (...request) => {
      tries += 1;
      if (tries === 2) let_it_answer();
      return fetch(...request);
    },
    tries: () => tries,
  };
}

const again = { headers: { 'Idempotency-Key': 'one-and-the-same' } };
const options = (client) => ({ apiKey: key, fetch: client.fetch, timeout: 1500, maxRetries: 2,
  defaultHeaders: { 'x-llmgw-feature': 'impatient' } });

describe('a retry after a time-out', () => {
  const messages = [{ role: 'user', content: 'wait' }];

  test('openai, whole', async () => {
    const client = impatient();
    const openai = new OpenAI({ ...options(client), baseURL: `${url}/v1` });
    const said = await openai.chat.completions.create({ model: 'gpt-5-mini', messages }, again);
    assert.equal(said.choices[0].message.content, 'patience');
    assert.ok(client.tries() >= 2);
    assert.equal(asked, 1);
  });

  test('openai, streamed', async () => {
    const client = impatient();
    const openai = new OpenAI({ ...options(client), baseURL: `${url}/v1` });
    let text = '';
    for await (const part of await openai.chat.completions.create({ model: 'gpt-5-mini', messages, stream: true }, again)) {
      text += part.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, 'patience');
    assert.equal(asked, 1);
  });

  test('anthropic, streamed', async () => {
    const client = impatient();
    const anthropic = new Anthropic({ ...options(client), baseURL: url });
    const said = await anthropic.messages
      .stream({ model: 'claude-haiku-4-5', max_tokens: 50, messages }, again)
      .finalMessage();
    assert.equal(said.content[0].text, 'patience');
    assert.equal(asked, 1);
  });

  test('each is one call in the log', () => {
    const report = JSON.parse(execFileSync(LLMGW, ['usage', '--by', 'feature', '--json'], { env }));
    assert.equal(report.total.calls, 3);
  });
});
