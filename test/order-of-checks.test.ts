import { randomUUID } from 'node:crypto';
import { type Answer, openWallet, type Wallet } from 'purser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newDirectory } from './support/directory.js';
import { serve } from './support/server.js';
import { publicKey } from './support/wallet-cases.js';

const SYNTAX = 'RS_ERROR_WRONG_SYNTAX';
const TYPES = 'RS_ERROR_WRONG_TYPES';
const UNKNOWN = 'RS_ERROR_UNKNOWN';
const DUPLICATE = 'RS_ERROR_DUPLICATE_TRANSACTION';
const NO_BET = 'RS_ERROR_TRANSACTION_DOES_NOT_EXIST';
const OK = 'RS_OK';

const dialects = ['exwallet', 'hub88'] as const;
type Dialect = (typeof dialects)[number];
const operations = ['bet', 'win', 'rollback'] as const;
type Op = (typeof operations)[number];
type Fields = Readonly<Record<string, unknown>>;

/** Something that is wrong with a request, or with the state that it meets. */
interface Fault {
  readonly name: string;
  readonly status: string;
  readonly fields?: Fields;
  /** What is the matter with the user; users exist for every combination. */
  readonly user?: 'disabled' | 'limited';
}

const absent = (field: string): Fault => {
  return { name: `no ${field}`, status: SYNTAX, fields: { [field]: undefined } };
};
const mistyped = (field: string, value: unknown = 7): Fault => {
  return { name: `a mistyped ${field}`, status: TYPES, fields: { [field]: value } };
};

const taken = randomUUID();
const wonBet = randomUUID();
const ID = 'transaction_uuid';
const REFERENCE = 'reference_transaction_uuid';

const unknownUser: Fault = { name: 'an unknown user', status: UNKNOWN, fields: { user: 'nobody' } };
const takenId: Fault = { name: 'a taken id', status: DUPLICATE, fields: { [ID]: taken } };
const otherCurrency: Fault = {
  name: 'another currency',
  status: 'RS_ERROR_WRONG_CURRENCY',
  fields: { currency: 'EUR' },
};
const disabled: Fault = {
  name: 'a disabled user',
  status: 'RS_ERROR_USER_DISABLED',
  user: 'disabled',
};
const limited: Fault = {
  name: 'a limit',
  status: 'RS_ERROR_LIMIT_REACHED',
  fields: { amount: 60 },
  user: 'limited',
};
const poor: Fault = {
  name: 'too little money',
  status: 'RS_ERROR_NOT_ENOUGH_MONEY',
  fields: { amount: 1_000_000 },
};
const noSuchBet: Fault = { name: 'an unknown bet', status: NO_BET, fields: { [REFERENCE]: taken } };
const secondWin: Fault = {
  name: 'a second win',
  status: UNKNOWN,
  fields: { [REFERENCE]: wonBet },
};

function amountSigns(dialect: Dialect): Fault[] {
  const status = dialect === 'exwallet' ? UNKNOWN : TYPES;
  const negative = [-1, -0].map((amount) => {
    return {
      name: `an amount of ${Object.is(amount, -0) ? '-0' : amount}`,
      status,
      fields: { amount },
    };
  });
  if (dialect === 'hub88') return negative;
  return [...negative, { name: 'an amount of zero', status, fields: { amount: 0 } }];
}

/** Faults of a request in their order of precedence, as the contract has it. */
const ladders: Record<Dialect, Record<Op, readonly Fault[]>> = {
  exwallet: {
    bet: [
      absent('amount'),
      mistyped('amount', 'NaN'),
      ...amountSigns('exwallet'),
      absent('user'),
      mistyped('user'),
      unknownUser,
      absent(ID),
      takenId,
      absent('currency'),
      mistyped('currency'),
      otherCurrency,
      disabled,
      limited,
      poor,
      absent('request_uuid'),
      mistyped(ID, '16d2dcfe-b89e-11e7-invalid'),
      mistyped('request_uuid', 'no'),
      mistyped('round'),
    ],
    win: [
      absent('amount'),
      mistyped('amount', 'NaN'),
      ...amountSigns('exwallet'),
      absent('user'),
      mistyped('user'),
      unknownUser,
      absent(ID),
      takenId,
      absent('currency'),
      mistyped('currency'),
      otherCurrency,
      absent(REFERENCE),
      noSuchBet,
      secondWin,
      absent('request_uuid'),
      mistyped(ID, 'no'),
      mistyped(REFERENCE, 'no'),
      mistyped('request_uuid', 'no'),
      mistyped('round'),
    ],
    rollback: [
      absent('user'),
      mistyped('user'),
      unknownUser,
      absent(ID),
      takenId,
      absent(REFERENCE),
      absent('request_uuid'),
      mistyped(ID, 'no'),
      mistyped(REFERENCE, 'no'),
      mistyped('round'),
    ],
  },
  hub88: {
    bet: [
      absent('user'),
      absent(ID),
      absent('request_uuid'),
      absent('currency'),
      absent('amount'),
      mistyped('user'),
      mistyped(ID, 'no'),
      mistyped('request_uuid', 'no'),
      mistyped('currency'),
      mistyped('amount', '1'),
      mistyped('round'),
      ...amountSigns('hub88'),
      takenId,
      unknownUser,
      otherCurrency,
      disabled,
      limited,
      poor,
    ],
    win: [
      absent('user'),
      absent(ID),
      absent('request_uuid'),
      absent('currency'),
      absent('amount'),
      absent(REFERENCE),
      mistyped('user'),
      mistyped(ID, 'no'),
      mistyped(REFERENCE, 'no'),
      mistyped('amount', '1'),
      mistyped('round'),
      ...amountSigns('hub88'),
      takenId,
      unknownUser,
      otherCurrency,
      noSuchBet,
    ],
    rollback: [
      absent('user'),
      absent(ID),
      absent('request_uuid'),
      absent(REFERENCE),
      mistyped('user'),
      mistyped(ID, 'no'),
      mistyped(REFERENCE, 'no'),
      mistyped('round'),
      takenId,
      unknownUser,
    ],
  },
};

const START = 100_000;
const USERS = ['good', 'disabled', 'limited', 'disabled limited'];

function body(op: Op, user: string, fields: Fields = {}): Fields {
  const money = op === 'rollback' ? {} : { amount: 1, currency: 'USD' };
  const ids = { [ID]: randomUUID(), request_uuid: randomUUID() };
  return { user, ...ids, ...money, ...fields };
}

/** A request with all of the faults; undefined when they exclude each other. */
function withFaults(op: Op, faults: readonly Fault[]): Fields | undefined {
  const fields: Record<string, unknown> = {};
  for (const fault of faults) {
    for (const [field, value] of Object.entries(fault.fields ?? {})) {
      // A limit and a lack of money are the same field, and the larger amount is both.
      const both = fault === poor && fields[field] === limited.fields?.[field];
      if (field in fields && !both) return undefined;
      fields[field] = value;
    }
  }
  const kinds = faults.flatMap(({ user }) => (user === undefined ? [] : [user]));
  if (kinds.length > 0 && 'user' in fields) return undefined;
  return body(op, kinds.length === 0 ? 'good' : kinds.sort().join(' '), fields);
}

describe.each(dialects)('in the dialect %s', (dialect) => {
  let wallet: Wallet;
  const ask = (op: Op, fields: Fields): Promise<Answer> => wallet[op](fields as never);
  const balanceOf = async (user: string): Promise<number | undefined> => {
    return (await wallet.balance({ user, request_uuid: randomUUID() })).balance;
  };
  /** A bet that stands, for wins and rollbacks; its stake is given back at the end. */
  const placeBet = async (user = 'good'): Promise<string> => {
    const id = randomUUID();
    expect((await ask('bet', body('bet', user, { [ID]: id, is_free: true }))).status).toBe(OK);
    return id;
  };

  beforeAll(async () => {
    wallet = await openWallet({ dialect, partitions: 2 });
    await wallet.createUsers([...USERS, 'other']);
    await ask('bet', body('bet', 'other', { [ID]: taken }));
    await ask('bet', body('bet', 'good', { [ID]: wonBet, is_free: true }));
    const won = body('win', 'good', { [REFERENCE]: wonBet });
    expect((await ask('win', won)).status).toBe(OK);
    await ask('rollback', body('rollback', 'good', { [REFERENCE]: won[ID] }));
    // The win that stands: without a stake and of one unit, taken back by a bet.
    await ask('win', body('win', 'good', { [REFERENCE]: wonBet }));
    await ask('bet', body('bet', 'good'));
    for (const user of USERS.filter((name) => name.includes('disabled'))) {
      await wallet.players.setStatus(user, 'DISABLED');
    }
    for (const user of USERS.filter((name) => name.includes('limited'))) {
      await wallet.players.setLimits(user, { max_bet: 50 });
    }
  });

  afterAll(async () => {
    await wallet.close();
  });

  describe.each(operations)('a %s', (op) => {
    const ladder = ladders[dialect][op];

    test.each(ladder.map((fault, place) => ({ ...fault, place })))(
      'with $name is $status, whatever comes later in the order',
      async ({ place }) => {
        const fault = ladder[place];
        const reference = op === 'win' ? await placeBet() : randomUUID();
        const combinations = [[], ...ladder.slice(place + 1).map((later) => [later])];
        for (const later of combinations) {
          const faults = fault === undefined ? [] : [fault, ...later];
          const fields = withFaults(op, faults);
          if (fields === undefined) continue;
          const sent = op === 'bet' ? fields : { [REFERENCE]: reference, ...fields };
          const answer = await ask(op, sent);
          expect(answer.status, faults.map(({ name }) => name).join(' and ')).toBe(fault?.status);
          const asked = sent['request_uuid'];
          expect(answer.request_uuid).toBe(typeof asked === 'string' ? asked : undefined);
          if (answer.status === 'RS_ERROR_NOT_ENOUGH_MONEY') expect(answer.balance).toBe(START);
          else expect(answer).not.toHaveProperty('balance');
          expect(answer).not.toHaveProperty('currency');
        }
      },
    );

    test('without a fault is done', async () => {
      const reference = op === 'bet' ? {} : { [REFERENCE]: await placeBet('other') };
      expect((await ask(op, body(op, 'other', reference))).status).toBe(OK);
    });

    test('reads null as a wrong type where a field is required, but for the reference', async () => {
      const money = op === 'rollback' ? [] : ['amount', 'currency'];
      for (const field of ['user', ID, 'request_uuid', ...money]) {
        const sent = body(op, 'good', { [REFERENCE]: await placeBet(), [field]: null });
        expect((await ask(op, sent)).status, field).toBe(TYPES);
      }
      // A promotional win may have none, so that null is the same as none.
      const sent = body(op, 'good', { [REFERENCE]: null });
      if (op !== 'bet') expect((await ask(op, sent)).status).toBe(SYNTAX);
    });

    test.each([
      ['token', 5],
      ['token', 't'.repeat(256)],
      ['supplier_transaction_id', 5],
      ['supplier_user', true],
      ['round', 5],
      ['round_closed', 'true'],
      ['game_code', {}],
      ['bet', 5],
      ['is_free', 1],
      ['is_aggregated', 'no'],
      ['is_supplier_promo', 0],
      ['reward_uuid', 5],
      ['meta', 'text'],
      ['meta', [1]],
    ])('may have no %s or null, and refuses %j', async (field, wrong) => {
      const reference = op === 'bet' ? {} : { [REFERENCE]: await placeBet('other') };
      const refused = await ask(op, body(op, 'other', { ...reference, [field]: wrong }));
      expect(refused.status).toBe(TYPES);
      const taken = await ask(op, body(op, 'other', { ...reference, [field]: null, other: 1 }));
      expect(taken.status).toBe(OK);
    });
  });

  test('nothing of what was refused was done', async () => {
    for (const user of USERS) expect(await balanceOf(user), user).toBe(START);
    expect((await wallet.books()).total).toBe(0n);
  });

  test('a refused id stays free', async () => {
    const id = randomUUID();
    for (const fault of [otherCurrency, poor]) {
      const refused = await ask('bet', { ...body('bet', 'other', fault.fields), [ID]: id });
      expect(refused.status).toBe(fault.status);
    }
    expect((await ask('bet', body('bet', 'other', { [ID]: id }))).status).toBe(OK);
  });

  test('a retry is answered as before, whatever has become of the user', async () => {
    const user = `retry-${dialect}`;
    await wallet.createUsers([user]);
    const bets = [90_000, 10_000].map((amount) => body('bet', user, { amount }));
    for (const sent of bets) expect((await ask('bet', sent)).status).toBe(OK);
    await wallet.players.setStatus(user, 'DISABLED');
    await wallet.players.setLimits(user, { max_bet: 1 });
    const again = await Promise.all(bets.map((sent) => ask('bet', sent)));
    expect(again.map(({ balance }) => balance)).toEqual([10_000, 0]);
  });

  test('wins and rollbacks of a disabled user go through', async () => {
    const user = `out-${dialect}`;
    await wallet.createUsers([user]);
    const bet = body('bet', user, { amount: 100 });
    await ask('bet', bet);
    await wallet.players.setStatus(user, 'DISABLED');
    const reference = { [REFERENCE]: bet[ID] };
    expect((await ask('win', body('win', user, reference))).balance).toBe(START - 99);
    expect((await ask('rollback', body('rollback', user, reference))).balance).toBe(START + 1);
    const read = { user, request_uuid: randomUUID() };
    expect((await wallet.balance(read)).status).toBe(OK);
  });

  const content = { round: 'r', game_code: 'g', meta: { a: 1 }, bet: 'red', token: 't' };
  test.each([
    ['amount', 2, [DUPLICATE, DUPLICATE]],
    ['currency', 'EUR', [DUPLICATE, DUPLICATE]],
    ['user', 'other', [DUPLICATE, DUPLICATE]],
    ['round', 's', [DUPLICATE, DUPLICATE]],
    ['round', null, [DUPLICATE, DUPLICATE]],
    ['game_code', 'h', [DUPLICATE, DUPLICATE]],
    ['meta', { a: 2 }, [DUPLICATE, OK]],
    ['bet', 'black', [DUPLICATE, OK]],
    ['token', 'u', [DUPLICATE, OK]],
    ['round_closed', true, [DUPLICATE, OK]],
    ['supplier_user', 'x', [DUPLICATE, OK]],
    ['is_free', true, [DUPLICATE, OK]],
    ['request_uuid', randomUUID(), [OK, OK]],
  ])('a known id with another %s (%j)', async (field, value, statuses) => {
    const user = `content-${dialect}`;
    await wallet.createUsers([user]);
    const sent = body('bet', user, content);
    const first = await ask('bet', sent);
    const again = await ask('bet', { ...sent, [field]: value });
    expect(again.status).toBe(statuses[dialects.indexOf(dialect)]);
    if (again.status === OK) expect(again.balance).toBe(first.balance);
    expect(await balanceOf(user)).toBe(first.balance);
  });

  test('a known id as another operation is a duplicate', async () => {
    const bet = body('bet', 'other');
    await ask('bet', bet);
    const as = { [ID]: bet[ID], [REFERENCE]: bet[ID] };
    expect((await ask('win', body('win', 'other', as))).status).toBe(DUPLICATE);
    expect((await ask('rollback', body('rollback', 'other', as))).status).toBe(DUPLICATE);
  });

  test('the answer to a retry carries the request_uuid that its dialect wants', async () => {
    const sent = body('bet', 'other');
    const first = await ask('bet', sent);
    const fresh = randomUUID();
    const again = await ask('bet', { ...sent, request_uuid: fresh });
    const wanted = dialect === 'exwallet' ? sent['request_uuid'] : fresh;
    expect(again).toEqual({ ...first, request_uuid: wanted });
  });

  test('a win needs a bet of its own user that stands', async () => {
    const rolledBack = await placeBet('other');
    const rollback = body('rollback', 'other', { [REFERENCE]: rolledBack });
    await ask('rollback', rollback);
    const noBets = [randomUUID(), await placeBet('good'), rolledBack, rollback[ID]];
    for (const reference of noBets) {
      const win = body('win', 'other', { [REFERENCE]: reference });
      expect((await ask('win', win)).status).toBe(NO_BET);
    }
  });

  test('a refused win may be sent again when its bet has come', async () => {
    const id = randomUUID();
    const win = body('win', 'other', { [REFERENCE]: id, amount: 5 });
    expect((await ask('win', win)).status).toBe(NO_BET);
    await ask('bet', body('bet', 'other', { [ID]: id }));
    expect((await ask('win', win)).status).toBe(OK);
  });

  test('what the dialects allow: zero, a second win, a promotional win', async () => {
    const allowed = dialect === 'hub88';
    const reference = { [REFERENCE]: await placeBet('other') };
    const zero = await ask('bet', body('bet', 'other', { amount: 0 }));
    expect(zero.status).toBe(allowed ? OK : UNKNOWN);
    expect((await ask('win', body('win', 'other', reference))).status).toBe(OK);
    const second = await ask('win', body('win', 'other', reference));
    expect(second.status).toBe(allowed ? OK : UNKNOWN);
    const promo = await ask('win', body('win', 'other', { is_supplier_promo: true }));
    expect(promo.status).toBe(allowed ? OK : SYNTAX);
  });

  test('a limit holds back what is above it, and no free bet', async () => {
    expect((await ask('bet', body('bet', 'limited', { amount: 51 }))).status).toBe(limited.status);
    const free = body('bet', 'limited', { amount: 51, is_free: true });
    expect((await ask('bet', free)).status).toBe(OK);
    expect((await ask('bet', body('bet', 'limited', { amount: 50 }))).balance).toBe(START - 50);
  });

  test.each([
    ['no user', { user: undefined }, SYNTAX],
    ['null as user', { user: null }, TYPES],
    ['an unknown user', { user: 'nobody' }, UNKNOWN],
    ['an empty user', { user: '' }, UNKNOWN],
    ['no request_uuid', { request_uuid: undefined }, SYNTAX],
    ['a request_uuid that is none', { request_uuid: 'no' }, TYPES],
    ['a mistyped token', { token: 5 }, TYPES],
    ['nothing wrong', {}, OK],
    ['what only bets have', { amount: 'x', currency: 7, [ID]: 'no' }, OK],
  ])('a read with %s', async (_what, fields, status) => {
    const sent = { user: 'other', request_uuid: randomUUID(), ...fields } as never;
    expect((await wallet.balance(sent)).status).toBe(status);
    expect((await wallet.info(sent)).status).toBe(status);
  });
});

test('a signature that does not fit comes before everything, the syntax too', async () => {
  const environment = { PURSER_HUB88_PUBLIC_KEY: publicKey };
  const server = await serve(['--data', newDirectory(), '--dialect', 'hub88'], environment);
  const refused = { status: 'RS_ERROR_INVALID_SIGNATURE' };
  for (const text of ['{}', '{', JSON.stringify(body('bet', 'good'))]) {
    for (const headers of [{}, { 'x-hub88-signature': Buffer.from('no').toString('base64') }]) {
      const response = await server.send('/transaction/bet', text, headers as never);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject(refused);
    }
  }
  await server.kill();
});
