import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OpenError, openWallet, type Wallet } from 'purser';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newDirectory, sharedDirectory } from './support/directory.js';
import { faultOf } from './support/fault-of.js';
import { type Change, forge, journalOf, placesOf } from './support/forgery.js';

/**
 * The TypeScript API with arguments that its types forbid, as an embedder forwards them who has parsed
 * JSON and looked at nothing: each call is refused alone, and the wallet goes on.
 */
const directory = sharedDirectory();
let wallet: Wallet;
/** Ids of things that are there. */
const there = { spend: '', order: '', lot: '', payment: '' };

beforeAll(async () => {
  wallet = await openWallet({ dataDir: directory, partitions: 1 });
  await wallet.players.create({ player_id: 'p', initial_balance: 1_000 });
  await wallet.players.create({ player_id: 'q' });
  await wallet.createUsers(['better']);
  const spend = await wallet.spends.create('p', { amount: 10 }, key());
  const lines = [{ sku: 'gold_coin', quantity: 2 }];
  const order = await wallet.orders.create('p', { lines, complete: true }, key());
  const payment = await wallet.payments.create('p', { provider: 'psp', amount: 50 }, key());
  if (!spend.ok || !order.ok || !payment.ok) throw new Error('the wallet is not filled');
  there.spend = spend.value.transaction_id;
  there.order = order.value.order_id;
  there.payment = payment.value.payment_id;
  const lots = await wallet.entitlements.list('p');
  there.lot = (lots.ok && lots.value.data[0]?.entitlement_id) || '';
});

afterAll(() => wallet.close());

function key(): { idempotencyKey: string } {
  return { idempotencyKey: randomUUID() };
}

// biome-ignore lint/suspicious/noExplicitAny: these calls are what the types forbid
type Loose = any;
type Call = (loose: Loose) => Promise<unknown>;
type Row = readonly [name: string, call: Call, expected: unknown];

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

/** Values that are no text, no number and no flag of the caller's. */
const odd: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a list', []],
  ['an object', {}],
  ['NaN', Number.NaN],
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['a cycle', cycle],
];
const noText = [...odd, ['a number', 5], ['true', true]] as const;
const noAmount = [...odd, ['a text', '5'], ['zero', 0], ['a fraction', 1.5], ['too much', 2e12]];
const noWords = [...noText, ['empty', ''], ['with a zero byte', '\0x'], ['half a pair', '\ud800']];

function invalid(pointer: string): unknown {
  const errors = [
    { pointer: expect.stringMatching(`^${pointer}$|^$`), detail: expect.any(String) },
  ];
  return { ok: false, code: 'validation_failed', members: { errors } };
}

function refused(code: string): unknown {
  return { ok: false, code };
}

/** A row for each value of a member of a body. */
function bodies(
  method: string,
  call: (loose: Loose, body: unknown) => Promise<unknown>,
  right: Readonly<Record<string, unknown>>,
  wrong: Readonly<Record<string, readonly (readonly unknown[])[]>>,
): Row[] {
  const rows = Object.entries(wrong).flatMap(([member, values]) =>
    values.map(([name, value]): Row => {
      const body = { ...right, [member]: value };
      return [`${method} with ${member}: ${name}`, (w) => call(w, body), invalid(`/${member}.*`)];
    }),
  );
  const whole: (readonly [string, unknown])[] = [...odd.filter(([name]) => name !== 'an object')];
  return [
    ...rows,
    ...[['undefined', undefined], ['a text', 'x'], ['a number', 5], ...whole].map(
      ([name, body]): Row => [
        `${method} with ${name} as body`,
        (w) => call(w, body),
        invalid('.*'),
      ],
    ),
    [`${method} with an unknown member`, (w) => call(w, { ...right, foo: 1 }), invalid('/foo')],
    [
      `${method} with a member that hides`,
      (w) => call(w, { ...right, ...JSON.parse('{"__proto__": {"amount": 5}}') }),
      expect.anything(),
    ],
  ];
}

const reason = noWords;

function listed(w: Loose, list: string, options: unknown): Promise<unknown> {
  return list === 'items' ? w.items.list(options) : w[list].list('p', options);
}

const rows: Row[] = [
  ...bodies(
    'credits.add',
    (w, body) => w.credits.add('p', body, key()),
    { amount: 5, reason: 'BONUS' },
    {
      amount: noAmount,
      reason: [...noText, ['unknown', 'FOO'], ['none', undefined]],
      reference: noWords,
      currency: [...noText, ['of two letters', 'US']],
      note: [...noWords, ['long', 'x'.repeat(1_001)], ['huge', 'x'.repeat(3_000_000)]],
    },
  ),
  ...bodies(
    'spends.create',
    (w, body) => w.spends.create('p', body, key()),
    { amount: 5 },
    {
      amount: noAmount,
      reason,
      reference: noWords,
    },
  ),
  ...bodies(
    'spends.refund',
    (w, body) => w.spends.refund('p', there.spend, body, key()),
    {},
    {
      amount: noAmount,
      reason,
      spend: [['another', 'tx_0']],
    },
  ),
  ...bodies(
    'transfers.create',
    (w, body) => w.transfers.create('p', body, key()),
    { to: 'q', amount: 5 },
    {
      to: [...noWords, ['the catalogue', '\0catalogue'], ['long', 'x'.repeat(256)]],
      amount: noAmount,
      reason,
    },
  ),
  ...bodies(
    'orders.create',
    (w, body) => w.orders.create('p', body, key()),
    { lines: [{ sku: 'gold_coin', quantity: 1 }], complete: true },
    {
      lines: [
        ...odd,
        ['none', undefined],
        ['a text', 'gold_coin'],
        ['a list of null', [null]],
        ['too many', Array.from({ length: 51 }, (_, i) => ({ sku: `s${i}`, quantity: 1 }))],
        ['a sku of a number', [{ sku: 5, quantity: 1 }]],
        ['a quantity of text', [{ sku: 'gold_coin', quantity: '1' }]],
        ['an unknown member', [{ sku: 'gold_coin', quantity: 1, price: 0 }]],
        ['a hidden member', [JSON.parse('{"sku":"gold_coin","__proto__":{"quantity":1}}')]],
      ],
      expected_total: [...odd, ['a text', '10']],
      complete: [...odd, ['a text', 'true']],
      purchase: [['an object', { item: 'gold_coin' }]],
    },
  ),
  ...bodies(
    'orders.refund',
    (w, body) => w.orders.refund('p', there.order, body, key()),
    {},
    {
      lines: [...odd, ['a list of numbers', [1]]],
      amount: noAmount,
      revoke: [...noText, ['unknown', 'all']],
      reason,
      order: [['another', 'ord_0']],
    },
  ),
  ...bodies(
    'entitlements.consume',
    (w, body) => w.entitlements.consume('p', there.lot, body, key()),
    { quantity: 1 },
    { quantity: noAmount },
  ),
  ...bodies(
    'entitlements.revoke',
    (w, body) => w.entitlements.revoke('p', there.lot, body, key()),
    {},
    { quantity: noAmount, reason },
  ),
  ...bodies(
    'payments.create',
    (w, body) => w.payments.create('p', body, key()),
    { provider: 'psp', amount: 5 },
    {
      provider: [...noWords, ['none', undefined], ['in capitals', 'PSP']],
      amount: noAmount,
      provider_ref: noWords,
    },
  ),
  ...bodies(
    'items.put',
    (w, body) => w.items.put('new', body),
    { name: 'New', kind: 'consumable', price: 1 },
    {
      name: noWords,
      kind: [...noText, ['unknown', 'foo']],
      price: [...odd, ['a text', '5'], ['below zero', -1]],
      grants: [...odd, ['without the kind', 5]],
      active: [...odd, ['a text', 'yes']],
      max_per_player: noAmount,
      duration: noAmount,
      sku: [['another', 'gold_coin']],
    },
  ),
  ...[...noWords, ['with a space', 'y z'], ['a dot', '.'], ['dots', '..']].map(
    ([name, sku]): Row => [
      `items.put with ${name} as sku`,
      (w) => w.items.put(sku, { name: 'x', kind: 'consumable', price: 1 }),
      invalid('/sku'),
    ],
  ),
  ...['ifMatch', 'ifNoneMatch'].map(
    (name): Row => [
      `items.put with ${name}: true`,
      (w) => w.items.put('new', { name: 'x', kind: 'consumable', price: 1 }, { [name]: true }),
      invalid(`/${name}`),
    ],
  ),
  ...bodies(
    'players.create',
    (w, body) => w.players.create(body),
    { player_id: 'fresh' },
    {
      player_id: [...noText, ['of the ledger', '\0catalogue'], ['me', 'me'], ['a step', '..']],
      currency: noText,
      initial_balance: [...odd, ['a text', '5'], ['below zero', -1]],
    },
  ).filter(([name]) => !name.includes('hides')),
  ...noText.map(
    ([name, id]): Row => [
      `payments.receive with ${name} as payment_id`,
      (w) => w.payments.receive('psp', { event_id: 'e', type: 'payment.failed', payment_id: id }),
      invalid('/payment_id'),
    ],
  ),
  ...[undefined, null, 5, 1n, Symbol('s'), '\0', 'PSP'].map(
    (provider): Row => [
      `payments.receive with ${String(provider)} as provider`,
      (w) =>
        w.payments.receive(provider, {
          event_id: 'e',
          type: 'payment.succeeded',
          provider_ref: 'r1',
        }),
      invalid('/provider'),
    ],
  ),
  ...[...noWords, ['256 characters', 'x'.repeat(256)]].map(
    ([name, id]): Row => [
      `payments.receive with ${name} as event_id`,
      (w) => w.payments.receive('psp', { event_id: id, type: 'payment.failed', provider_ref: 'r' }),
      invalid('/event_id'),
    ],
  ),
  ...[undefined, null, 5, 'foo', 1n].map(
    (type): Row => [
      `payments.receive with ${String(type)} as type`,
      (w) => w.payments.receive('psp', { event_id: 'e', type, payment_id: there.payment }),
      invalid('/type'),
    ],
  ),
  ...['amount', 'amount_refunded', 'event_id', 'provider_ref'].map(
    (name): Row => [
      `payments.receive with ${name}: null`,
      (w) =>
        w.payments.receive('psp', {
          ...{ event_id: 'e', type: 'payment.succeeded', payment_id: there.payment },
          [name]: null,
        }),
      invalid(`/${name}`),
    ],
  ),
  ...[undefined, null, 5, []].map(
    (event): Row => [
      `payments.receive with ${String(event)} as event`,
      (w) => w.payments.receive('psp', event),
      invalid(''),
    ],
  ),
  ...[undefined, null, 5, 'x', {}, { idempotencyKey: 5 }, { idempotencyKey: '' }].map(
    (options): Row => [
      `credits.add with ${JSON.stringify(options)} as options`,
      (w) => w.credits.add('p', { amount: 5, reason: 'BONUS' }, options),
      invalid('/idempotencyKey'),
    ],
  ),
  ...[{ ifMatch: 'x' }, { ifMatch: null }, { by: 5 }, { by: 1n }, { by: 'me' }].map(
    (options): Row => [
      `spends.create with a wrong ${Object.keys(options)[0]}: ${Object.values(options)[0]}`,
      (w) => w.spends.create('p', { amount: 5 }, { ...key(), ...options }),
      invalid(`/${Object.keys(options)[0]}`),
    ],
  ),
  ...[undefined, ...noText.map(([, value]) => value), '\0catalogue', ''].flatMap(
    (player): Row[] => {
      const name = `${typeof player} ${JSON.stringify(player === cycle ? 0 : typeof player === 'bigint' ? 1 : player)}`;
      const nobody = refused('player_not_found');
      return [
        [
          `credits.add to ${name}`,
          (w) => w.credits.add(player, { amount: 5, reason: 'BONUS' }, key()),
          nobody,
        ],
        [`transactions.list of ${name}`, (w) => w.transactions.list(player), nobody],
        [`orders.get of ${name}`, (w) => w.orders.get(player, there.order), nobody],
        [`accounts.balance of ${name}`, (w) => w.accounts.balance(player), nobody],
        [`players.get of ${name}`, (w) => w.players.get(player), undefined],
        [`players.setStatus of ${name}`, (w) => w.players.setStatus(player, 'ACTIVE'), undefined],
        [`players.setLimits of ${name}`, (w) => w.players.setLimits(player, {}), undefined],
      ];
    },
  ),
  ...[undefined, ...noText.map(([, value]) => value)].flatMap((id, i): Row[] => [
    [`transactions.get, ${i}`, (w) => w.transactions.get('p', id), refused('not_found')],
    [`orders.get, ${i}`, (w) => w.orders.get('p', id), refused('order_not_found')],
    [`payments.get, ${i}`, (w) => w.payments.get('p', id), refused('payment_not_found')],
    [`items.get, ${i}`, (w) => w.items.get(id), refused('item_not_found')],
    [
      `spends.refund, ${i}`,
      (w) => w.spends.refund('p', id, {}, key()),
      expect.objectContaining({
        ok: false,
        code: expect.stringMatching('spend_not_found|validation_failed'),
      }),
    ],
    [
      `orders.complete, ${i}`,
      (w) => w.orders.complete('p', id, key()),
      expect.objectContaining({
        ok: false,
        code: expect.stringMatching('order_not_found|validation_failed'),
      }),
    ],
    [
      `entitlements.consume, ${i}`,
      (w) => w.entitlements.consume('p', id, { quantity: 1 }, key()),
      expect.objectContaining({
        ok: false,
        code: expect.stringMatching('entitlement_not_found|validation_failed'),
      }),
    ],
  ]),
  ...(['transactions', 'orders', 'entitlements', 'items'] as const).flatMap((list): Row[] => [
    ...[5, null, 1n, {}].map(
      (cursor): Row => [
        `${list}.list with ${String(cursor)} as cursor`,
        (w) => listed(w, list, { cursor }),
        refused('invalid_cursor'),
      ],
    ),
    ...['5', null, 1n, 0, 201, 1.5, Number.NaN].map(
      (limit): Row => [
        `${list}.list with ${typeof limit} ${limit} as limit`,
        (w) => listed(w, list, { limit }),
        invalid('/limit'),
      ],
    ),
    [`${list}.list with an unknown option`, (w) => listed(w, list, { foo: 1 }), invalid('/foo')],
    [`${list}.list with a number as options`, (w) => listed(w, list, 5), { ok: true }],
  ]),
  ['transactions.list of FOO', (w) => w.transactions.list('p', { type: 'FOO' }), invalid('/type')],
  ['entitlements.list by number', (w) => w.entitlements.list('p', { sku: 5 }), invalid('/sku')],
  ...noText.map(
    ([name, username]): Row => [
      `accounts.signup with ${name} as username`,
      (w) => w.accounts.signup({ username, password: 'password' }),
      invalid('/username'),
    ],
  ),
  ...noText.map(
    ([name, password]): Row => [
      `accounts.signup with ${name} as password`,
      (w) => w.accounts.signup({ username: 'new', password }),
      invalid('/password'),
    ],
  ),
  [
    'accounts.signup with a number as code',
    (w) => w.accounts.signup({ username: 'new', password: 'password', referralCode: 5 }),
    invalid('/referralCode'),
  ],
  ...(['signup', 'topUp', 'purchase'] as const).flatMap((method) =>
    [undefined, null, 5, 'x', []].map((body): Row => {
      const call: Call = (w) =>
        method === 'signup' ? w.accounts.signup(body) : w.accounts[method]('p', body);
      return [`accounts.${method} with ${String(body)} as body`, call, invalid('')];
    }),
  ),
  ...noAmount.map(
    ([name, amount]): Row => [
      `accounts.topUp with ${name}`,
      (w) => w.accounts.topUp('p', { amount }),
      invalid('/amount'),
    ],
  ),
  ...noText.map(
    ([name, item]): Row => [
      `accounts.purchase of ${name}`,
      (w) => w.accounts.purchase('p', { item }),
      invalid('/lines/0/sku'),
    ],
  ),
  [
    'accounts.purchase of a stranger',
    (w) => w.accounts.purchase('p', { item: 'y z' }),
    refused('unknown_item'),
  ],
  ...noText.map(
    ([name, value]): Row => [
      `accounts.verify with ${name}`,
      async (w) => [
        await w.accounts.verify(value, 'password'),
        await w.accounts.verify('p', value),
      ],
      ['invalid', 'invalid'],
    ],
  ),
];

async function standing(): Promise<unknown> {
  const player = await wallet.players.get('p');
  const { accounts } = await wallet.books();
  return [player?.balance, accounts['treasury'], accounts['issuance'], accounts['transit']];
}

function aBet(): Promise<unknown> {
  const [transaction_uuid, request_uuid] = [randomUUID(), randomUUID()];
  const body = { user: 'better', currency: 'USD', amount: 1 };
  return wallet.bet({ ...body, transaction_uuid, request_uuid });
}

test.each(rows.filter(([name]) => !name.includes('hides')))(
  '%s is refused alone',
  async (_, call, expected) => {
    const before = await standing();
    const [answer, bet] = await Promise.all([call(wallet), aBet()]);
    if (typeof expected === 'object' && expected !== null) expect(answer).toMatchObject(expected);
    else expect(answer).toEqual(expected);
    expect(bet).toMatchObject({ status: 'RS_OK' });
    expect(await standing()).toEqual(before);
    expect(wallet.health()).toMatchObject({ ok: true, partitions: [{ restarts: 0 }] });
  },
);

test.each(rows.filter(([name]) => name.includes('hides')))('%s is refused', async (_, call) => {
  const before = await standing();
  expect(await call(wallet)).toMatchObject(invalid('/__proto__') as object);
  expect(await standing()).toEqual(before);
});

const loose = (): Loose => wallet;

test.each<[string, string, Call]>([
  ['a status in small letters', '/status', (w) => w.players.setStatus('p', 'disabled')],
  ['no status', '/status', (w) => w.players.setStatus('p')],
  ['a version of text', '/ifMatch', (w) => w.players.setStatus('p', 'DISABLED', { ifMatch: '1' })],
  ['versions of text', '/ifMatch', (w) => w.players.setLimits('p', {}, { ifMatch: ['1'] })],
  ['null as condition', '/ifMatch', (w) => w.players.setLimits('p', {}, null)],
  ['no limits', '', (w) => w.players.setLimits('p')],
  ['null as limits', '', (w) => w.players.setLimits('p', null)],
  ['a limit of text', '/max_bet', (w) => w.players.setLimits('p', { max_bet: 'x' })],
  ['a limit of a bigint', '/daily_loss', (w) => w.players.setLimits('p', { daily_loss: 1n })],
  ['a limit below zero', '/daily_stake', (w) => w.players.setLimits('p', { daily_stake: -1 })],
  ['an unknown limit', '/foo', (w) => w.players.setLimits('p', { foo: 5 })],
])('%s sets nothing', async (_, pointer, call) => {
  const before = await wallet.players.get('p');
  expect(await call(wallet)).toMatchObject(invalid(pointer) as object);
  expect(await wallet.players.get('p')).toEqual(before);
});

test.each([
  ['users that are no list', () => loose().createUsers('p')],
  ['operations that are no list', () => loose().batch({ op: 'bet' })],
])('%s: a TypeError that says so, and nothing is set', async (_, call) => {
  const before = await wallet.players.get('p');
  const error: unknown = await call().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect(String(error)).toMatch(/takes an array/);
  expect(await wallet.players.get('p')).toEqual(before);
});

test('null clears a limit, as over HTTP', async () => {
  await wallet.players.setLimits('p', { max_bet: 5, daily_stake: 7 });
  const cleared = await wallet.players.setLimits('p', { max_bet: null, daily_stake: 7 });
  expect(cleared?.ok && cleared.value.limits).toEqual({ daily_stake: 7 });
});

test('the key of an answered request is looked at before its arguments', async () => {
  const options = key();
  const first = await wallet.credits.add('p', { amount: 5, reason: 'BONUS' }, options);
  const other = await loose().credits.add('p', { amount: '5', reason: 'BONUS' }, options);
  expect(other).toMatchObject({ ok: false, code: 'idempotency_key_reused' });
  const again = await loose().credits.add(
    'p',
    { reason: 'BONUS', note: undefined, foo: undefined, amount: 5 },
    options,
  );
  expect(again).toEqual({ ...first, replayed: true });
});

test('what was refused is in no journal: it verifies, and opens again', async () => {
  expect(await wallet.audit()).toMatchObject({ ok: true, in_transit: { messages: 0 } });
  await wallet.close();
  expect(await faultOf(directory)).toBeUndefined();
  wallet = await openWallet({ dataDir: directory });
  expect(await wallet.players.get('p')).toMatchObject({ status: 'ACTIVE' });
});

test.each([
  ...['', 5, null, {}, '\0'].map((dataDir) => ({ dataDir })),
  ...[840, Symbol('EUR'), Object.create(null)].map((currency) => ({ currency })),
  ...[{ dialect: Symbol('d') }, { onProgress: 5 }, [], { toString: 1 }, { constructor: 1 }],
] as Loose[])('%o opens nothing', async (options) => {
  const error: unknown = await openWallet(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OpenError);
  expect(String(error)).not.toContain('\n');
});

test('an item that was given out cannot be changed for others', async () => {
  const put = await wallet.items.put('kept', { name: 'Kept', kind: 'consumable', price: 5 });
  const [got, listed] = [await wallet.items.get('kept'), await wallet.items.list()];
  if (!put.ok || !got.ok || !listed.ok) throw new Error('the item is not there');
  for (const item of [put.value, got.value, listed.value.data[0]] as Loose[]) {
    expect(() => {
      item.price = 0;
    }).toThrow(TypeError);
  }
});

test('what onProgress throws is what openWallet rejects with', async () => {
  const timers = vi.spyOn(globalThis, 'setInterval');
  const { setInterval: original } = await import('node:timers');
  // A short start is made a long one.
  timers.mockImplementation(((call: () => void, ms: number) => {
    return original(call, Math.min(ms, 10));
  }) as typeof setInterval);
  const onProgress = () => {
    throw new Error('from onProgress');
  };
  const dataDir = newDirectory();
  await expect(openWallet({ dataDir, partitions: 2, onProgress })).rejects.toThrow(
    'from onProgress',
  );
  timers.mockRestore();
  await (await openWallet({ dataDir, partitions: 2 })).close();
});

/** The bytes of a transfer's `to` in the journal, and others as long. */
test.each([
  ['a number', 'to\xa1z', 'to\xcc\x05'],
  ['the catalogue', 'to\xaazcatalogue', 'to\xaa\0catalogue'],
])('a message on disk to %s gives its money back', async (_, name, other) => {
  const dataDir = newDirectory();
  const before = await openWallet({ dataDir, partitions: 1 });
  await before.players.create({ player_id: 'p', initial_balance: 100 });
  const sent = before.transfers.create('p', { to: name.slice(3), amount: 5 }, key());
  // It is on its way when the wallet closes.
  await Promise.all([sent, before.close()]);
  const poison: Change = (frame) => {
    const places = [frame.indexOf(name, 'latin1'), frame.lastIndexOf(name, undefined, 'latin1')];
    expect(new Set(places).add(-1).size, 'in the arguments and the message').toBe(3);
    for (const at of places) frame.write(other, at, 'latin1');
  };
  const frames = [...placesOf(readFileSync(journalOf(dataDir))).keys()];
  expect(frames, 'genesis, player, transfer').toHaveLength(3);
  forge(dataDir, 3, poison, true);
  rmSync(join(dataDir, 'partition-0', 'checkpoint'), { recursive: true });
  const after = await openWallet({ dataDir });
  while ((await after.books()).accounts['transit'] !== 0n);
  expect(await after.players.get('p')).toMatchObject({ balance: 100 });
  await after.close();
});
