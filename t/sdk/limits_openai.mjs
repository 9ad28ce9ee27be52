// The real OpenAI client within a tenant's limits: a rate is waited for, as the
// answer says; a spent budget is not asked for again; a stream has no event more
// than was asked for.

import OpenAI from "openai";
import { base, is, raises, settled, test } from "./tap.mjs";

const client = (token, more = {}) =>
  new OpenAI({ apiKey: `tok-o-${token}`, baseURL: `${base}/v1`, timeout: 20_000, ...more });
const chat = (c, more = {}) =>
  c.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hello" }], ...more });
const hello = "Hello from Virginia.";

await test("openai: a rate is waited for", async () => {
  const c = client("rate");
  const both = await Promise.all([chat(c), chat(c)]);
  return both.map((r) => is(r.choices[0].message.content, hello)).find(Boolean);
});

const hour = client("hour");
await test("openai: the only one of an hour", async () =>
  is((await chat(hour)).choices[0].message.content, hello));
await raises("openai: RateLimitError when retries do not help", () => chat(hour),
  OpenAI.RateLimitError, 429, "rate_limited",
  (e) => is(e.type, "requests") ?? is(Number(e.headers.get("retry-after")) > 3000, true)
    ?? is(e.headers.get("x-ratelimit-remaining-requests"), "0")
    ?? is(e.error.limit, "requests/hour"));
await raises("openai: RateLimitError of a stream",
  () => chat(client("hour", { maxRetries: 0 }), { stream: true }),
  OpenAI.RateLimitError, 429, "rate_limited");

const budget = client("budget");
await test("openai: the only one of a day", async () =>
  is((await chat(budget)).choices[0].message.content, hello));
await settled();
await raises("openai: insufficient_quota", () => chat(budget),
  OpenAI.RateLimitError, 429, "insufficient_quota",
  (e) => is(e.error.code, "insufficient_quota") ?? is(e.type, "insufficient_quota")
    ?? is(e.headers.get("x-should-retry"), "false"));

async function read(c, more = {}) {
  const chunks = [];
  for await (const chunk of await chat(c, { stream: true, ...more })) {
    chunks.push(chunk);
  }
  return {
    text: chunks.map((k) => k.choices[0]?.delta?.content ?? "").join(""),
    empty: chunks.filter((k) => k.choices.length === 0).length,
    usage: chunks.find((k) => k.usage)?.usage,
  };
}
await test("openai: a stream without usage", async () => {
  const s = await read(client("counted"));
  return is(s.text, hello) ?? is(s.empty, 0) ?? is(s.usage, undefined);
});
await test("openai: a stream with usage, for who asks", async () => {
  const s = await read(client("counted"), { stream_options: { include_usage: true } });
  return is(s.text, hello) ?? is(s.empty, 1) ?? is(s.usage?.total_tokens, 12);
});
await test("openai: a stream with usage, for who has no limits", async () => {
  const s = await read(client("free"));
  return is(s.text, hello) ?? is(s.empty, 1);
});
