// A provider behind TLS, which the other tests' fake has not: real handshakes, records that hold more than one read,
// certificates that are not to be trusted. Started by ../run_sdk.sh, which sets LLMGW.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const { LLMGW } = process.env;
assert.ok(LLMGW, 'run this through tests/e2e/run_sdk.sh');

const home = mkdtempSync(join(tmpdir(), 'llmgw-tls-'));
const cert = join(home, 'cert.pem');
const event = (text) => `data: {"id":"a","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const last = 'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n';
// Larger than a TLS record, so that one wake-up leaves bytes that no socket tells of.
const large = event('x'.repeat(40_000));
const streamed = event('one') + large + event('two') + last + 'data: [DONE]\n\n';

let server;
let connections = 0;
let gateway;
let url;
let key;

// What the upstream does is named by the model.
const upstream = {
  whole: (res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ id: 'a', model: 'm', choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }));
  },
  stream: (res) => {
    res.setHeader('content-type', 'text/event-stream');
    res.write(event('one'));
    setImmediate(() => {
      res.write(large + event('two'));
      setImmediate(() => res.end(last + 'data: [DONE]\n\n'));
    });
  },
  cut: (res) => {
    res.setHeader('content-type', 'text/event-stream');
    res.write(event('one'), () => setImmediate(() => res.socket.destroy()));
  },
  echo: (res, body) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ id: 'a', model: 'm', choices: [], length: body.length }));
  },
};

function start(config, environment) {
  mkdirSync(join(home, 'config/llmgw'), { recursive: true });
  writeFileSync(join(home, 'config/llmgw/config.toml'), config);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    LLMGW_TEST_PROVIDER_KEY: 'sk-provider-key-of-the-tls-tests',
    ...environment,
  };
  const child = spawn(LLMGW, ['serve', '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += bytes;
      const found = /listening on (http:\S+)/.exec(said);
      if (found) resolve([child, found[1]]);
    });
    child.on('exit', () => reject(new Error(said)));
  });
}

const call = (model, more = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-llmgw-feature': 'tls' },
    body: JSON.stringify({ model: `far/${model}`, messages: [], stream_options: { include_usage: true }, ...more }),
  });

const config = (port) => `[providers.far]
type = "openai"
base_url = "https://localhost:${port}/v1"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
models = ["whole", "stream", "cut", "echo"]
`;

describe('a provider behind TLS', () => {
  before(async () => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(home, 'key.pem'), '-out', cert],
    { stdio: 'ignore' });
    server = https.createServer({ key: readFileSync(join(home, 'key.pem')), cert: readFileSync(cert) }, (req, res) => {
      let body = '';
      req.on('data', (bytes) => { body += bytes; });
      req.on('end', () => upstream[JSON.parse(body).model](res, body));
    });
    server.on('secureConnection', () => { ++connections; });
    await new Promise((ready) => server.listen(0, ready));
    [gateway, url] = await start(config(server.address().port), { SSL_CERT_FILE: cert });
    key = readFileSync(join(home, 'data/llmgw/client_key'), 'utf8').trim();
  });
  after(async () => {
    gateway?.kill('SIGTERM');
    server?.close();
    server?.closeAllConnections();
    rmSync(home, { recursive: true, force: true });
  });

  test('calls one after the other share a connection', async () => {
    for (let i = 0; i < 3; ++i) {
      const answer = await call('whole');
      assert.equal(answer.status, 200);
      assert.equal((await answer.json()).usage.prompt_tokens, 3);
    }
    assert.equal(connections, 1);
  });

  test('a stream arrives byte for byte, records larger than a read included', async () => {
    for (let i = 0; i < 3; ++i) {
      assert.equal(await (await call('stream', { stream: true })).text(), streamed);
    }
    assert.equal(connections, 1);
  });

  test('a large request goes out whole', async () => {
    const answer = await (await call('echo', { messages: [{ role: 'user', content: 'y'.repeat(3_000_000) }] })).json();
    assert.ok(answer.length > 3_000_000);
  });

  test('a stream that is cut ends with an error', async () => {
    const text = await (await call('cut', { stream: true })).text();
    assert.ok(text.startsWith(event('one')));
    assert.match(text.slice(event('one').length), /"error":/);
  });

  test('a certificate nobody vouches for is refused, with the reason', async () => {
    const before = [gateway, url];
    try {
      [gateway, url] = await start(config(server.address().port), {});
      const answer = await call('whole');
      assert.equal(answer.status, 502);
      assert.match((await answer.json()).error.message, /cannot reach https:\/\/localhost:\d+: .*certificate/i);
    } finally {
      gateway.kill('SIGTERM');
      [gateway, url] = before;
    }
  });
});
