// What the client scripts share: results as lines that t/sdk.t turns into
// tests ("ok what" or "not ok what: why").

export const base = process.env.IG_BASE;

export async function test(name, run) {
  try {
    const why = await run();
    console.log(why ? `not ok ${name}: ${why}` : `ok ${name}`);
  } catch (e) {
    console.log(`not ok ${name}: ${e?.constructor?.name}: ${String(e?.message).split("\n")[0]}`);
  }
}

export const is = (got, want) =>
  got === want ? undefined : `got ${JSON.stringify(got)}, not ${JSON.stringify(want)}`;

// An answer is here a moment before what it took is counted.
export async function settled() {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const status = await (await fetch(`${base}/status`)).json();
    if (status.limits.reservations === 0) {
      return;
    }
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error("waited in vain: all is settled");
}

// The call must raise exactly that class, with that status and code.
export async function raises(name, call, Class, status, code, more = () => undefined) {
  await test(name, async () => {
    try {
      await call();
    } catch (e) {
      if (e.constructor !== Class) {
        return `raised ${e.constructor.name} (${e.message}), not ${Class.name}`;
      }
      return is(e.status, status) ?? (code === undefined ? undefined : is(e.code, code)) ?? more(e);
    }
    return "nothing was raised";
  });
}
