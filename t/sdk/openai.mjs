// The real OpenAI client through the module: every call that it makes, and the
// exception class for each refusal.

import OpenAI from "openai";
import { base, is, raises, test } from "./tap.mjs";

const SECRET = "igsecret-abcdefgh";
const client = (token, country) =>
  new OpenAI({
    apiKey: token,
    baseURL: `${base}/v1`,
    defaultHeaders: country ? { "X-Forwarded-For": country } : {},
    timeout: 20_000,
  });
const us = client("tok-us");
const hello = [{ role: "user", content: "hello" }];
const chat = (c, content, more = {}) =>
  c.chat.completions.create({ model: "m", messages: [{ role: "user", content }], ...more });

await test("openai chat", async () => {
  const r = await chat(us, "hello");
  return is(r.choices[0].message.content, "Hello from Virginia.");
});
await test("openai chat with data of SA", async () => {
  const r = await chat(us, "id 2000000006");
  return is(r.choices[0].message.content, "Hello from Riyadh.");
});
await test("openai stream", async () => {
  const s = await us.chat.completions.create({ model: "m", messages: hello, stream: true,
    stream_options: { include_usage: true } });
  let text = "";
  let usage;
  for await (const chunk of s) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  return is(text, "Hello from Virginia.") ?? is(usage?.total_tokens, 12);
});
const tools = [{ type: "function", function: { name: "weather", description: "the weather",
  parameters: { type: "object", properties: { city: { type: "string" } } } } }];
await test("openai tools", async () => {
  const r = await chat(us, "hello", { tools });
  return is(r.choices[0].message.tool_calls[0].function.name, "weather");
});
await test("openai tool result", async () => {
  const r = await us.chat.completions.create({ model: "m", messages: [
    ...hello,
    { role: "assistant", content: null, tool_calls: [{ id: "c", type: "function",
      function: { name: "weather", arguments: '{"city":"Riyadh"}' } }] },
    { role: "tool", tool_call_id: "c", content: "sunny" }] });
  return is(r.choices[0].message.content, "Hello from Virginia.");
});
await test("openai responses", async () => {
  const r = await us.responses.create({ model: "m", input: "hello" });
  return is(r.output_text, "Hello from Virginia.");
});
await test("openai responses stream", async () => {
  const s = await us.responses.create({ model: "m", input: "hello", stream: true });
  let text = "";
  for await (const e of s) {
    text += e.type === "response.output_text.delta" ? e.delta : "";
  }
  return is(text, "Hello from Virginia.");
});
await test("openai embeddings", async () => {
  const r = await us.embeddings.create({ model: "m", input: ["a", "b"] });
  return is(r.data.length, 2) ?? is(r.data[0].embedding[2], 1);
});
await test("openai completions", async () => {
  const r = await us.completions.create({ model: "m", prompt: "hello" });
  return is(r.choices[0].text, "Hello from Virginia.");
});
await test("openai models", async () => {
  const ids = [];
  for await (const m of us.models.list()) {
    ids.push(m.id);
  }
  return is(ids.join(), "demo");
});

await raises("openai 401", () => chat(client("tok-none"), "hello"),
  OpenAI.AuthenticationError, 401, "unknown_tenant");
await raises("openai 403", () => chat(us, SECRET),
  OpenAI.PermissionDeniedError, 403, "blocked_by_rule",
  (e) => (JSON.stringify(e.error).includes(SECRET) ? "it has the secret" : undefined));
await raises("openai 403, a stream", () => chat(us, SECRET, { stream: true }),
  OpenAI.PermissionDeniedError, 403, "blocked_by_rule");
await raises("openai 404", () => us.post("/nothing", { body: { a: 1 } }),
  OpenAI.NotFoundError, 404, "unknown_operation");
await raises("openai 400", () => us.chat.completions.create({ model: "m" }),
  OpenAI.BadRequestError, 400, "missing_field");
await raises("openai 451", () => chat(client("tok-sa", "10.2.0.1"), "hello"),
  OpenAI.APIError, 451, "no_permitted_destination");
await raises("openai 503", () => chat(client("tok-de", "10.2.0.1"), "hello"),
  OpenAI.InternalServerError, 503, "endpoints_down");
await raises("openai 413", () => chat(us, "x".repeat(3_000_000)),
  OpenAI.APIError, 413, "body_too_large");
