import autocannon from 'autocannon';

/** What a connection remembers between the requests of one purchase. */
interface Context {
  player: string;
  order: string;
  key: number;
}

const HEADERS = { 'content-type': 'application/json' } as const;
let keys = 0;

function headers(context: Context, step: string): Record<string, string> {
  return { ...HEADERS, 'idempotency-key': `${context.key}-${step}` };
}

/**
 * Tops up, orders, completes and refunds, each connection for random players one purchase after the
 * other; and now and then a signup, whose password costs what it must.
 */
export async function load(
  url: string,
  players: number,
  connections: number,
  seconds: number,
): Promise<autocannon.Result> {
  const run = Date.now();
  const wrong: string[] = [];
  const check = (right: number) => (status: number, body: string) => {
    if (status !== right && wrong.length < 3) wrong.push(`${status} ${body}`);
  };
  const order = (context: unknown, step: string): string => {
    const { player, order: id } = context as Context;
    return `/v1/players/${player}/orders/${id}/${step}`;
  };
  const signups = signUp(url, run, seconds);
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        setupRequest: (request, context) => {
          const own = context as Context;
          keys += 1;
          own.key = run * 1000 + keys;
          own.player = `player${(keys * 7919) % players}`;
          const path = `/v1/players/${own.player}/credits`;
          const body = '{"amount":20,"reason":"BONUS"}';
          return { ...request, path, body, headers: headers(own, 'credit') };
        },
        onResponse: check(201),
      },
      {
        method: 'POST',
        setupRequest: (request, context) => {
          const own = context as Context;
          const path = `/v1/players/${own.player}/orders`;
          const body = '{"lines":[{"sku":"potion","quantity":2}]}';
          return { ...request, path, body, headers: headers(own, 'order') };
        },
        onResponse: (status, body, context) => {
          check(201)(status, body);
          (context as unknown as Context).order = /"order_id":\s*"([^"]+)"/.exec(body)?.[1] ?? '';
        },
      },
      {
        method: 'POST',
        setupRequest: (request, context) => {
          const path = order(context, 'complete');
          return { ...request, path, body: '{}', headers: headers(context as Context, 'complete') };
        },
        onResponse: check(200),
      },
      {
        method: 'POST',
        setupRequest: (request, context) => {
          const path = order(context, 'refunds');
          return { ...request, path, body: '{}', headers: headers(context as Context, 'refund') };
        },
        onResponse: check(201),
      },
    ],
  });
  await signups;
  if (wrong.length > 0) throw new Error(`unexpected answers:\n${wrong.join('\n')}`);
  if (result.errors > 0) throw new Error(`${result.errors} requests had no answer`);
  return result;
}

/** One signup a second beside the rest. */
async function signUp(url: string, run: number, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    const body = JSON.stringify({ username: `new-${run}-${i}`, password: 'correct horse' });
    const response = await fetch(`${url}/signup`, { method: 'POST', headers: HEADERS, body });
    if (response.status !== 200) throw new Error(await response.text());
    await new Promise((resolve) => setTimeout(resolve, 900));
  }
}
