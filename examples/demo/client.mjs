// Sends the demo's requests with the real client libraries and shows for each
// what became of it.  Every scenario says what must happen; another outcome
// ends the demo with an error.
//
//   IG_BASE=http://127.0.0.1:8080 IG_DIR=DIR node client.mjs

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const base = process.env.IG_BASE;
const dir = process.env.IG_DIR;
const servers = ["riyadh", "dubai", "frankfurt", "virginia"];
const audit = join(dir, "logs/inference.jsonl");

// one address a country, known to belong to a network there; run.sh looks each
// up in the database before this starts
const address = JSON.parse(process.env.IG_ADDRESSES);

const text = (content) => [{ role: "user", content }];

const scenarios = [
  {
    title: "An ordinary question from Virginia goes where it is cheapest",
    tenant: "liberty-labs", from: "US",
    says: "Explain TCP slow start in two sentences.",
    expect: { status: 200, verdict: ["allow", "route", "flag"], server: "virginia" },
  },
  {
    title: "A bank in Riyadh: all it sends stays in the Kingdom",
    tenant: "acme-bank", from: "SA",
    says: "Draft a polite reminder for a late invoice.",
    expect: { status: 200, verdict: ["route"], server: "riyadh" },
  },
  {
    title: "Saudi data in an American request follows Saudi law",
    tenant: "liberty-labs", from: "US",
    says: "The customer's iqama is 2000000006, is it valid?",
    expect: { status: 200, verdict: ["route"], server: "riyadh", found: "sa.national_id" },
  },
  {
    title: "The same number in Arabic digits, split over two parts, streamed, by Anthropic's client",
    tenant: "liberty-labs", from: "US", api: "anthropic", stream: true,
    says: [{ type: "text", text: "رقم الإقامة ٢٠٠٠٠" }, { type: "text", text: "٠٠٠٠٦ شكرا" }],
    expect: { status: 200, verdict: ["route"], server: "riyadh" },
  },
  {
    title: "A hospital in Germany: personal data stays in countries the EU trusts",
    tenant: "rhein-klinik", from: "DE",
    says: "Bitte antworte anna.schmidt@example.de wegen IBAN DE89 3704 0044 0532 0130 00.",
    expect: { status: 200, verdict: ["route"], server: "frankfurt", found: "iban" },
  },
  {
    title: "A clinic in Dubai and an Emirates ID",
    tenant: "noor-health", from: "AE",
    says: "Patient with Emirates ID 784-1980-1234567-9 asks for an appointment.",
    expect: { status: 200, verdict: ["route"], server: "dubai", found: "ae.emirates_id" },
  },
  {
    title: "An Aadhaar number may not leave India, and no endpoint is in India",
    tenant: "liberty-labs", from: "IN",
    says: "KYC for Aadhaar 2341 2341 2346, please.",
    expect: { status: 451, verdict: ["block"], reason: "no_permitted_destination" },
  },
  {
    title: "The Riyadh bank's traveller in Germany: two laws, and no place obeys both",
    tenant: "acme-bank", from: "DE",
    says: "Forward this to anna.schmidt@example.de, please.",
    expect: { status: 451, verdict: ["block"], reason: "no_permitted_destination" },
  },
  {
    title: "A credential is given to nobody",
    tenant: "liberty-labs", from: "US",
    says: `Why does this key not work? AKIA${"Z7QX5T2MNB4KLV3P"}`,
    expect: { status: 403, verdict: ["block"], reason: "blocked_by_rule" },
  },
  {
    title: "An agent asks once for its task, as its plan allows",
    tenant: "weekend-agent", from: "US",
    says: "Plan a walk of two hours.",
    expect: { status: 200, verdict: ["allow", "route", "flag"], server: "virginia" },
  },
  {
    title: "And once more: the task's budget is spent, and its library does not insist",
    tenant: "weekend-agent", from: "US",
    says: "Plan another one.",
    expect: { status: 429, verdict: ["block"], reason: "insufficient_quota" },
  },
  {
    title: "A stranger gets nowhere",
    tenant: "nobody", from: "US",
    says: "Hello?",
    expect: { status: 401, verdict: ["block"], reason: "unknown_tenant" },
  },
];

// --- the laws behind rules, from the rule files ---

const laws = {};
const ruleLaws = {};
for (const file of readdirSync(join(dir, "rules")).filter((f) => f.endsWith(".yaml"))) {
  const pack = parse(readFileSync(join(dir, "rules", file), "utf8"));
  for (const [id, law] of Object.entries(pack.law ?? {})) {
    laws[`${file}:${id}`] = `${law.title}${law.article ? `, art. ${law.article}` : ""}`;
  }
  const note = (id, law) => {
    ruleLaws[id] = [law ?? []].flat().map((l) => laws[`${file}:${l}`] ?? l);
  };
  for (const rule of pack.rules ?? []) {
    note(rule.id, rule.law);
  }
  if (pack.jurisdiction) {
    note(`${pack.jurisdiction.toLowerCase()}-transfers`, pack.transfers?.law);
  }
}

// --- what can be seen from outside ---

const size = (file) => {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
};
const since = (file, at) =>
  (size(file) ? readFileSync(file) : Buffer.alloc(0)).subarray(at).toString().split("\n")
    .filter(Boolean).map((l) => JSON.parse(l));
const logs = Object.fromEntries(servers.map((s) => [s, join(dir, `logs/${s}.jsonl`)]));

async function until(what, f) {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const v = f();
    if (v) {
      return v;
    }
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error(`waited in vain: ${what}`);
}

async function send(s) {
  const headers = { "X-Forwarded-For": address[s.from], "X-Task": "demo" };
  const options = { apiKey: `demo-${s.tenant}`, defaultHeaders: headers, timeout: 20_000 };
  if (s.api === "anthropic") {
    const client = new Anthropic({ ...options, baseURL: base });
    const request = { model: "demo", max_tokens: 100, messages: text(s.says) };
    const message = s.stream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
    return message.content[0].text;
  }
  const client = new OpenAI({ ...options, baseURL: `${base}/v1` });
  const answer = await client.chat.completions.create({ model: "demo", messages: text(s.says) });
  return answer.choices[0].message.content;
}

const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, s) => (color ? `\x1b[${code}m${s}\x1b[0m` : s);
const line = (name, value) => console.log(`  ${paint(2, name.padEnd(8))} ${value}`);

let failed = 0;
function expect(what, got, want) {
  const ok = [want].flat().includes(got);
  if (!ok) {
    failed++;
    line("WRONG", paint(31, `${what} is ${got}, and must be ${[want].flat().join(" or ")}`));
  }
}

async function run(s, n) {
  const before = Object.fromEntries(servers.map((x) => [x, size(logs[x])]));
  const at = size(audit);
  let status = 200;
  let answer;
  try {
    answer = await send(s);
  } catch (e) {
    status = e.status ?? 0;
    answer = `${e.constructor.name}: ${e.message}`;
  }
  const outcome = await until("the outcome's record", () =>
    since(audit, at).find((r) => r.type === "outcome" || r.type === "undecided"));
  const decision = since(audit, at).find((r) => r.type === "decision") ?? {};
  const asked = servers.filter((x) => size(logs[x]) > before[x]);

  console.log(`\n${paint(1, `${String(n).padStart(2)}. ${s.title}`)}`);
  line("who", `${s.tenant}, from ${address[s.from]} (${decision.client_country ?? "?"}), ` +
    `${s.api === "anthropic" ? "Anthropic" : "OpenAI"} client${s.stream ? ", streaming" : ""}`);
  line("asks", [s.says].flat().map((p) => p.text ?? p).join(" | "));
  line("found", (decision.findings ?? []).map((f) =>
    `${f.detector}${f.places?.[0] ? ` at ${f.places[0].at}` : ""}`).join(", ") || "nothing");
  line("laws of", (decision.jurisdictions ?? []).map((j) =>
    j.country ? `${j.country} (${j.from.join(", ")})` : j).join(", ") || "-");
  const word = `${decision.verdict ?? "-"}${decision.reason ? ` (${decision.reason})` : ""}`;
  line("verdict", paint(decision.verdict === "block" ? 31 : 32, word) +
    (decision.endpoint ? ` to ${decision.endpoint} in ${decision.endpoint_country}` : ""));
  for (const rule of decision.rules ?? []) {
    line("why", `${rule}${ruleLaws[rule]?.length ? `: ${ruleLaws[rule].join("; ")}` : ""}`);
  }
  for (const l of decision.limits ?? []) {
    line("limit", `${l.limit}: ${l.used} of ${l.max} used (${l.result})`);
  }
  line("went to", servers.map((x) => {
    const got = since(logs[x], before[x]);
    return got.length ? paint(32, `${x} (${got[0].bytes} bytes)`) : `${x} nothing`;
  }).join(", "));
  line("answer", `${status} ${answer}`);
  if (outcome.tokens) {
    line("took", `${outcome.tokens.input} and ${outcome.tokens.output} tokens, ` +
      `${outcome.cost} ${outcome.currency}`);
  }
  line("record", paint(2, JSON.stringify(decision)));
  line("", paint(2, JSON.stringify(outcome)));

  expect("the status", status, s.expect.status);
  expect("the country of the client", decision.client_country, s.from);
  expect("the verdict", decision.verdict, s.expect.verdict);
  expect("the server asked", asked.join(" and ") || "none", s.expect.server ?? "none");
  if (s.expect.reason) {
    expect("the reason", decision.reason, s.expect.reason);
  }
  if (s.expect.found) {
    expect("the finding", (decision.findings ?? []).some((f) => f.detector === s.expect.found), true);
  }
}

let n = 0;
for (const s of scenarios) {
  await run(s, ++n);
}

// what was said is in no record
const log = readFileSync(audit, "utf8");
for (const secret of ["2000000006", "DE89", "784-1980", "2341 2341", "AKIAZ7", "anna.schmidt", "demo-acme"]) {
  expect(`"${secret}" in the audit log`, log.includes(secret), false);
}
console.log(failed ? `\n${failed} things went wrong.` : `\nAll ${n} went as the law says.`);
process.exitCode = failed ? 1 : 0;
