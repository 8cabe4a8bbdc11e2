// The official SDKs against llmgw, which forwards to the fake provider with canned answers.
// Started by ../run_sdk.sh, which sets LLMGW, LLMGW_URL and LLMGW_KEY.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const { LLMGW, LLMGW_URL: url, LLMGW_KEY: key } = process.env;
assert.ok(LLMGW && url && key, 'run this through tests/e2e/run_sdk.sh');

const said = 'Hello \u2603 there';
const weather = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const tagged = (feature) => ({ 'x-llmgw-feature': feature });

// What each feature must have been logged with at the end. Listing models and counting tokens are calls too;
// a call refused for its key or for want of a feature is nobody's.
const calls = new Map();
const count = (feature, n = 1) => calls.set(feature, (calls.get(feature) ?? 0) + n);

describe('openai', () => {
  const feature = 'sdk-openai';
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, defaultHeaders: tagged(feature), maxRetries: 0 });
  const model = 'gpt-5-mini';
  const messages = [{ role: 'user', content: 'Say hello' }];
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: weather } }];

  test('chat', async () => {
    const answer = await client.chat.completions.create({ model, messages });
    count(feature);
    assert.equal(answer.choices[0].message.content, said);
    assert.equal(answer.usage.prompt_tokens, 29);
  });

  test('chat with a provider prefix', async () => {
    const answer = await client.chat.completions.create({ model: `openai/${model}`, messages });
    count(feature);
    assert.equal(answer.choices[0].message.content, said);
  });

  test('chat stream without usage shows none', async () => {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    count(feature);
    let text = '';
    for await (const chunk of stream) {
      assert.ok(!('usage' in chunk));
      assert.equal(chunk.choices.length, 1);
      text += chunk.choices[0].delta.content ?? '';
    }
    assert.equal(text, said);
  });

  test('chat stream with usage shows it', async () => {
    const stream = await client.chat.completions.create({
      model, messages, stream: true, stream_options: { include_usage: true },
    });
    count(feature);
    let usage;
    for await (const chunk of stream) usage = chunk.usage ?? usage;
    assert.equal(usage.total_tokens, 42);
  });

  test('chat stream helper', async () => {
    const stream = client.chat.completions.stream({ model, messages });
    count(feature);
    assert.equal(await stream.finalContent(), said);
  });

  test('tools, whole and streamed', async () => {
    const answer = await client.chat.completions.create({ model, messages, tools });
    count(feature);
    const call = answer.choices[0].message.tool_calls[0];
    assert.equal(call.id, 'call_fake01');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });

    const stream = client.chat.completions.stream({ model, messages, tools });
    count(feature);
    const message = await stream.finalMessage();
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: 'Paris' });

    const turn = [...messages, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }];
    const last = await client.chat.completions.create({ model, messages: turn, tools });
    count(feature);
    assert.equal(last.choices[0].message.content, said);
  });

  test('responses', async () => {
    const answer = await client.responses.create({ model, input: 'Say hello' });
    count(feature);
    assert.equal(answer.output_text, said);
    assert.equal(answer.usage.input_tokens, 29);
  });

  test('responses stream', async () => {
    const stream = await client.responses.create({ model, input: 'Say hello', stream: true });
    count(feature);
    let text = '';
    let done = false;
    for await (const event of stream) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      done ||= event.type === 'response.completed';
    }
    assert.equal(text, said);
    assert.ok(done);
  });

  test('responses with tools', async () => {
    const flat = [{ type: 'function', name: 'get_weather', parameters: weather, strict: true }];
    const stream = client.responses.stream({ model, input: 'Say hello', tools: flat });
    count(feature);
    const answer = await stream.finalResponse();
    const call = answer.output.find((item) => item.type === 'function_call');
    assert.equal(call.call_id, 'call_fake01');
    assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
    const last = await client.responses.create({
      model, tools: flat,
      input: [{ role: 'user', content: 'Say hello' }, call, { type: 'function_call_output', call_id: call.call_id, output: 'sunny' }],
    });
    count(feature);
    assert.equal(last.output_text, said);
  });

  test('embeddings', async () => {
    const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' });
    count(feature);
    assert.deepEqual([...answer.data[0].embedding], [0.5, -0.25, 1]);
  });

  test('models', async () => {
    const page = await client.models.list();
    count(feature);
    assert.ok(page.data.length > 0);
    assert.equal(page.data[0].object, 'model');
  });

  test('errors keep their class', async () => {
    const wrong = new OpenAI({ apiKey: 'sk-wrong', baseURL: `${url}/v1`, defaultHeaders: tagged(feature), maxRetries: 0 });
    await assert.rejects(wrong.chat.completions.create({ model, messages }), OpenAI.AuthenticationError);
    await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create({ model: 'openai/fake-429', messages }), (error) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.equal(error.headers.get('retry-after'), '1');
      assert.match(error.message, /asked to fail/);
      return true;
    });
    await assert.rejects(client.chat.completions.create({ model: 'openai/fake-500', messages }), OpenAI.InternalServerError);
    await assert.rejects(client.responses.create({ model: 'openai/fake-400', input: 'x' }), OpenAI.BadRequestError);
    count(feature, 3);
    const untagged = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
    await assert.rejects(untagged.chat.completions.create({ model, messages }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /x-llmgw-feature/);
      return true;
    });
  });

  test('a stream that is left', async () => {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    count(feature);
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      break;
    }
  });

  test('a feature in the base URL', async () => {
    const other = new OpenAI({ apiKey: key, baseURL: `${url}/f/sdk-prefix/v1`, maxRetries: 0 });
    const answer = await other.chat.completions.create({ model, messages });
    count('sdk-prefix');
    assert.equal(answer.choices[0].message.content, said);
  });
});

describe('anthropic', () => {
  const feature = 'sdk-anthropic';
  const options = { baseURL: url, defaultHeaders: tagged(feature), maxRetries: 0 };
  const client = new Anthropic({ ...options, apiKey: key });
  const model = 'claude-haiku-4-5';
  const messages = [{ role: 'user', content: 'Say hello' }];
  const tools = [{ name: 'get_weather', input_schema: weather }];

  test('messages', async () => {
    const answer = await client.messages.create({ model, max_tokens: 64, messages });
    count(feature);
    assert.equal(answer.content[0].text, said);
    assert.equal(answer.usage.cache_read_input_tokens, 8);
    assert.equal(answer._request_id, 'req_fake_01');
  });

  test('messages with the key as bearer token', async () => {
    const bearer = new Anthropic({ ...options, apiKey: null, authToken: key });
    const answer = await bearer.messages.create({ model, max_tokens: 64, messages });
    count(feature);
    assert.equal(answer.content[0].text, said);
  });

  test('stream', async () => {
    const stream = await client.messages.create({ model, max_tokens: 64, messages, stream: true });
    count(feature);
    const types = [];
    for await (const event of stream) types.push(event.type);
    assert.equal(types[0], 'message_start');
    assert.equal(types.at(-1), 'message_stop');
  });

  test('stream helper', async () => {
    const stream = client.messages.stream({ model, max_tokens: 64, messages });
    count(feature);
    assert.equal(await stream.finalText(), said);
    assert.equal((await stream.finalMessage()).usage.output_tokens, 13);
  });

  test('tools, whole and streamed', async () => {
    const answer = await client.messages.create({ model, max_tokens: 64, messages, tools });
    count(feature);
    assert.equal(answer.stop_reason, 'tool_use');
    assert.deepEqual(answer.content[0].input, { city: 'Paris' });
    const streamed = await client.messages.stream({ model, max_tokens: 64, messages, tools }).finalMessage();
    count(feature);
    assert.deepEqual(streamed.content[0].input, { city: 'Paris' });
    const last = await client.messages.create({
      model, max_tokens: 64, tools,
      messages: [...messages, { role: 'assistant', content: streamed.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: streamed.content[0].id, content: 'sunny' }] }],
    });
    count(feature);
    assert.equal(last.content[0].text, said);
  });

  test('count_tokens', async () => {
    assert.equal((await client.messages.countTokens({ model, messages })).input_tokens, 29);
    count(feature);
  });

  test('models', async () => {
    const page = await client.models.list();
    count(feature);
    assert.ok(page.data.length > 0);
    assert.equal(page.data[0].type, 'model');
  });

  test('errors keep their class', async () => {
    const wrong = new Anthropic({ ...options, apiKey: 'sk-wrong' });
    await assert.rejects(wrong.messages.create({ model, max_tokens: 1, messages }), Anthropic.AuthenticationError);
    await assert.rejects(client.messages.create({ model: 'anthropic/fake-429', max_tokens: 1, messages }), (error) => {
      assert.ok(error instanceof Anthropic.RateLimitError);
      assert.equal(error.headers.get('retry-after'), '1');
      assert.equal(error.requestID, 'req_fake_error');
      return true;
    });
    for (const stream of [false, true]) {
      await assert.rejects(client.messages.create({ model: 'anthropic/fake-529', max_tokens: 1, messages, stream }), (error) => {
        assert.ok(error instanceof Anthropic.APIError);
        assert.equal(error.status, 529);
        assert.equal(error.error.error.type, 'overloaded_error');
        return true;
      });
    }
    count(feature, 3);
  });
});

describe('google', () => {
  const feature = 'sdk-google';
  const model = 'gemini-2.5-flash';
  const contents = 'Say hello';
  const with_version = (apiVersion, apiKey = key) =>
    new GoogleGenAI({ apiKey, apiVersion, httpOptions: { baseUrl: url, headers: tagged(feature), retryOptions: { attempts: 1 } } });

  for (const version of ['v1beta', 'v1', undefined]) {
    const client = with_version(version);
    const name = version ?? 'the default version';

    test(`generateContent, ${name}`, async () => {
      const answer = await client.models.generateContent({ model, contents });
      count(feature);
      assert.equal(answer.text, said);
      assert.equal(answer.usageMetadata.thoughtsTokenCount, 5);
    });

    test(`generateContentStream, ${name}`, async () => {
      let text = '';
      for await (const chunk of await client.models.generateContentStream({ model, contents })) text += chunk.text ?? '';
      count(feature);
      assert.equal(text, said);
    });

    test(`countTokens, ${name}`, async () => {
      assert.equal((await client.models.countTokens({ model, contents })).totalTokens, 29);
      count(feature);
    });
  }

  test('tools', async () => {
    const answer = await with_version('v1beta').models.generateContent({
      model, contents,
      config: { tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: weather }] }] },
    });
    count(feature);
    assert.equal(answer.functionCalls[0].name, 'get_weather');
    assert.deepEqual(answer.functionCalls[0].args, { city: 'Paris' });
    assert.ok(answer.candidates[0].content.parts[0].thoughtSignature);
  });

  test('embedContent', async () => {
    const answer = await with_version('v1beta').models.embedContent({ model: 'gemini-embedding-001', contents: 'a' });
    count(feature);
    assert.deepEqual(answer.embeddings[0].values, [0.5, -0.25, 1]);
  });

  test('models', async () => {
    const names = [];
    for await (const entry of await with_version('v1beta').models.list()) names.push(entry.name);
    count(feature);
    assert.ok(names.length > 0);
    assert.ok(names.every((entry) => entry.startsWith('models/')));
  });

  test('errors keep their status', async () => {
    await assert.rejects(with_version('v1beta', 'wrong-key').models.generateContent({ model, contents }), (error) => error.status === 401);
    await assert.rejects(with_version('v1beta').models.generateContent({ model: 'fake-429', contents }), (error) => error.status === 429);
    count(feature);
  });
});

// Another program's view of what the SDKs did. Rows are written a moment after the answers.
after(async () => {
  const report = () => {
    const text = execFileSync(LLMGW, ['usage', '--by', 'feature', '--json'], { encoding: 'utf8' });
    return new Map(JSON.parse(text).rows.map((row) => [row.feature, row]));
  };
  let rows = report();
  for (let i = 0; i < 100 && [...calls].some(([feature, n]) => (rows.get(feature)?.calls ?? 0) < n); ++i) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    rows = report();
  }
  for (const [feature, n] of calls) {
    const row = rows.get(feature);
    assert.ok(row, `no row for ${feature}`);
    assert.equal(row.calls, n, `calls of ${feature}`);
    assert.ok(row.cost_nano_usd > 0, `cost of ${feature}`);
    assert.ok(row.output_tokens > 0, `tokens of ${feature}`);
  }
});
