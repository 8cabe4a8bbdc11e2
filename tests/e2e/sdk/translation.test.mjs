// The official SDKs against models of the other providers: llmgw translates, and none of them can tell.
// Started by ../run_sdk.sh, which sets LLMGW_URL and LLMGW_KEY.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const { LLMGW_URL: url, LLMGW_KEY: key } = process.env;
assert.ok(url && key, 'run this through tests/e2e/run_sdk.sh');

const said = 'Hello \u2603 there';
const headers = { 'x-llmgw-feature': 'sdk-translation' };
const weather = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const models = {
  anthropic: 'anthropic/claude-haiku-4-5',
  chat: 'chat/gpt-5-mini',
  responses: 'responses/gpt-5-mini',
  gemini: 'gemini/gemini-2.5-flash',
};
const others = (...own) => Object.entries(models).filter(([name]) => !own.includes(name)).map(([, model]) => model);

describe('openai chat', () => {
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, defaultHeaders: headers, maxRetries: 0 });
  const messages = [{ role: 'system', content: 'Be brief' }, { role: 'user', content: 'Say hello' }];
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: weather } }];
  for (const model of others('chat')) {
    test(`${model}: text and stream`, async () => {
      const answer = await client.chat.completions.create({ model, messages });
      assert.equal(answer.choices[0].message.content, said);
      assert.equal(answer.choices[0].finish_reason, 'stop');
      assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens], [29, 13]);
      assert.equal(answer.usage.prompt_tokens_details.cached_tokens, 8);
      const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
      assert.equal(await stream.finalContent(), said);
      assert.equal((await stream.totalUsage()).total_tokens, 42);
    });
    test(`${model}: a tool call and its result, whole and streamed`, async () => {
      for (const streamed of [false, true]) {
        const ask = async (turn) => streamed
          ? client.chat.completions.stream({ model, messages: turn, tools }).finalMessage()
          : (await client.chat.completions.create({ model, messages: turn, tools })).choices[0].message;
        const message = await ask(messages);
        const [call] = message.tool_calls;
        assert.equal(call.function.name, 'get_weather');
        assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' });
        const last = await ask([...messages, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }]);
        assert.equal(last.content, said);
      }
    });
    test(`${model}: an error keeps its class`, async () => {
      const failing = model.replace(/\/.*/, '/fake-429');
      await assert.rejects(client.chat.completions.create({ model: failing, messages }), (error) => {
        assert.ok(error instanceof OpenAI.RateLimitError);
        assert.ok(error.headers.get('retry-after'));
        return true;
      });
    });
  }
});

describe('openai responses', () => {
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, defaultHeaders: headers, maxRetries: 0 });
  const tools = [{ type: 'function', name: 'get_weather', parameters: weather, strict: false }];
  for (const model of others('responses')) {
    test(`${model}: text and stream`, async () => {
      const answer = await client.responses.create({ model, input: 'Say hello', instructions: 'Be brief', store: false });
      assert.equal(answer.output_text, said);
      assert.equal(answer.status, 'completed');
      assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [29, 13]);
      const stream = client.responses.stream({ model, input: 'Say hello', store: false });
      let text = '';
      for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
      assert.equal(text, said);
      assert.equal((await stream.finalResponse()).usage.total_tokens, 42);
    });
    test(`${model}: a tool call and its result, whole and streamed`, async () => {
      for (const streamed of [false, true]) {
        const ask = (input) => streamed
          ? client.responses.stream({ model, input, tools, store: false }).finalResponse()
          : client.responses.create({ model, input, tools, store: false });
        const input = [{ role: 'user', content: 'Say hello' }];
        const answer = await ask(input);
        const call = answer.output.find((item) => item.type === 'function_call');
        assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
        const output = { type: 'function_call_output', call_id: call.call_id, output: 'sunny' };
        assert.equal((await ask([...input, ...answer.output, output])).output_text, said);
      }
    });
  }
});

describe('anthropic', () => {
  const client = new Anthropic({ apiKey: key, baseURL: url, defaultHeaders: headers, maxRetries: 0 });
  const base = { max_tokens: 64, system: 'Be brief' };
  const messages = [{ role: 'user', content: 'Say hello' }];
  const tools = [{ name: 'get_weather', input_schema: weather }];
  for (const model of others('anthropic')) {
    test(`${model}: text and stream`, async () => {
      const answer = await client.messages.create({ ...base, model, messages });
      assert.equal(answer.content.at(-1).text, said);
      assert.equal(answer.stop_reason, 'end_turn');
      assert.deepEqual([answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens], [21, 8, 13]);
      const message = await client.messages.stream({ ...base, model, messages }).finalMessage();
      assert.equal(message.content.at(-1).text, said);
      assert.equal(message.usage.output_tokens, 13);
    });
    test(`${model}: a tool call and its result, whole and streamed`, async () => {
      for (const streamed of [false, true]) {
        const ask = (turn) => streamed
          ? client.messages.stream({ ...base, model, messages: turn, tools }).finalMessage()
          : client.messages.create({ ...base, model, messages: turn, tools });
        const answer = await ask(messages);
        assert.equal(answer.stop_reason, 'tool_use');
        const call = answer.content.find((block) => block.type === 'tool_use');
        assert.deepEqual(call.input, { city: 'Paris' });
        const result = { type: 'tool_result', tool_use_id: call.id, content: 'sunny' };
        const last = await ask([...messages, { role: 'assistant', content: answer.content }, { role: 'user', content: [result] }]);
        assert.equal(last.content.at(-1).text, said);
      }
    });
    test(`${model}: an error keeps its class`, async () => {
      const failing = model.replace(/\/.*/, '/fake-429');
      await assert.rejects(client.messages.create({ ...base, model: failing, messages }), (error) => {
        assert.ok(error instanceof Anthropic.RateLimitError);
        assert.ok(error.requestID);
        return true;
      });
    });
  }
});

describe('google', () => {
  const client = new GoogleGenAI({
    apiKey: key, apiVersion: 'v1beta', httpOptions: { baseUrl: url, headers, retryOptions: { attempts: 1 } },
  });
  const tools = [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: weather }] }];
  for (const model of others('gemini')) {
    test(`${model}: text and stream`, async () => {
      const answer = await client.models.generateContent({ model, contents: 'Say hello', config: { systemInstruction: 'Be brief' } });
      assert.equal(answer.text, said);
      assert.equal(answer.usageMetadata.promptTokenCount, 29);
      assert.equal(answer.candidates[0].finishReason, 'STOP');
      let text = '';
      for await (const chunk of await client.models.generateContentStream({ model, contents: 'Say hello' })) text += chunk.text ?? '';
      assert.equal(text, said);
    });
    test(`${model}: a tool call and its result, whole and streamed`, async () => {
      for (const streamed of [false, true]) {
        const ask = async (contents) => {
          if (!streamed) return (await client.models.generateContent({ model, contents, config: { tools } })).candidates[0].content;
          const parts = [];
          for await (const chunk of await client.models.generateContentStream({ model, contents, config: { tools } })) {
            parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
          }
          return { role: 'model', parts };
        };
        const contents = [{ role: 'user', parts: [{ text: 'Say hello' }] }];
        const answer = await ask(contents);
        const { functionCall } = answer.parts.find((part) => part.functionCall);
        assert.equal(functionCall.name, 'get_weather');
        assert.deepEqual(functionCall.args, { city: 'Paris' });
        const functionResponse = { id: functionCall.id, name: 'get_weather', response: { output: 'sunny' } };
        const last = await ask([...contents, answer, { role: 'user', parts: [{ functionResponse }] }]);
        assert.equal(last.parts.map((part) => part.text ?? '').join(''), said);
      }
    });
    test(`${model}: an error keeps its status`, async () => {
      const failing = model.replace(/\/.*/, '/fake-429');
      await assert.rejects(client.models.generateContent({ model: failing, contents: 'x' }), (error) => error.status === 429);
    });
  }
});
