import type { Step } from './economy-cases.js';
import type { Json } from './exchange.js';

/**
 * What `given` and `then` of a case say beyond its steps, in the same form: done before them, and
 * after them.
 */

const post = (path: string, key: string, body: Json, expect: Step['expect']): Step => {
  return { call: `POST /v1/players/${path}`, key, body, expect: expect ?? {} };
};
const get = (path: string, expect: Step['expect'], save: Step['save'] = {}): Step => {
  return { call: `GET /v1/players/${path}`, expect: { status: 200, ...expect }, save };
};
const check = (assert: Step['assert']): Step => ({ assert: assert ?? {} });
const fresh = { 'Idempotent-Replayed': null };
const replayed = { 'Idempotent-Replayed': 'true' };
const paid = (id: string, amount: number): Json => {
  return { event_id: id, type: 'payment.succeeded', payment_id: '{{pay}}', amount };
};
const callback = (body: Json, expect: Step['expect']): Step => {
  return { webhook: 'testpsp', body, expect: expect ?? {} };
};
const oneBox = { lines: [{ sku: 'box', quantity: 1 }] };
const bob = { username: 'bob', password: 'pass' };
const call = (line: string, body: Json, expect: Step['expect'], auth = 'none'): Step => {
  return { call: line, auth, body, expect: expect ?? {} };
};
const tail = '07bb-e421-6c3b-a9f3-caf04be2981';
/** A bet or win of u2; the digits tell the transactions of the case apart. */
const move = (
  what: 'bet' | 'win',
  digit: number,
  of: number,
  status: string,
  user = 'u2',
): Step => {
  const body = {
    ...{ user, currency: 'USD', amount: 10, transaction_uuid: `39c2${tail}${digit}` },
    ...{ reference_transaction_uuid: `39c2${tail}${of}`, request_uuid: `583c${tail}0` },
  };
  return call(`POST /transaction/${what}`, body, { body: { status } }, 'svc');
};
const odd = (path: string): Step => {
  return { call: `GET /v1/players/${path}`, expect: { status: [400, 404, 422] } };
};

export const before: Readonly<Record<string, readonly Step[]>> = {
  'EC-119': [call('POST /signup', bob, { status: 200 })],
  'EC-129': [{ fixture: { exwallet_users: ['u2'] } }],
  'EC-133': [{ fixture: { player: 'p2', balance: 0 } }],
};

export const beyond: Readonly<Record<string, readonly Step[]>> = {
  'EC-001': [
    check({ history: { p1: [{ sign: -1, amount: 30, balance_after: 70, reason: 'sword' }] } }),
  ],
  'EC-002': [
    post('p1/credits', 'c1', { amount: 1, reason: 'BONUS' }, { status: 201 }),
    post('p1/spends', 'k1', { amount: 11, reason: 'sword' }, { status: 201, headers: fresh }),
  ],
  'EC-009': [
    get('p1', {}, { version: 'version' }),
    get('p1', { headers: { ETag: '"{{version}}"' } }),
  ],
  'EC-011': [check({ ledger_count: { p1: 0 } })],
  'EC-024': [check({ balance: { p1: 9_007_199_254_740_991 }, ledger_zero_sum: true })],
  'EC-028': [call('POST /v1/players', { player_id: 'a'.repeat(257) }, { status: 422 }, 'svc')],
  'EC-029': ['..%2fEC-001-p1', '%2e%2e', 'constructor', '%ff'].map(odd),
  'EC-030': [
    {
      ...post('p1/credits', 'k1', null, { status: 413, code: 'payload_too_large' }),
      raw: `{"amount":1,"reason":"BONUS","note":"${'x'.repeat(2 * 1024 * 1024)}"}`,
    },
    {
      ...post('p1/credits', 'k1', null, { status: 400, code: 'malformed_request' }),
      raw: '{"amount":1,"amount":2,"reason":"BONUS"}',
    },
  ],
  'EC-035': [check({ balance: { p1: 70 } })],
  'EC-036': [check({ balance: { p1: 70, p2: 70 } })],
  'EC-040': [
    ...['a b', 'a\tb', '\u00fc'].map((key) => {
      return post(
        'p1/spends',
        key,
        { amount: 1 },
        { status: 400, code: 'idempotency_key_invalid' },
      );
    }),
    {
      ...post('p1/spends', 'one', { amount: 1 }, { status: 400, code: 'idempotency_key_invalid' }),
      headers: { 'Idempotency-Key': ['one', 'one'] },
    },
    check({ balance: { p1: 9 } }),
  ],
  'EC-045': [
    check({
      history: {
        p1: [
          { sign: 1, refund_of: '{{s}}' },
          { sign: -1, balance_after: 0 },
        ],
      },
    }),
  ],
  'EC-046': [check({ balance: { p1: 0 } })],
  'EC-052': [
    post('p1/spends/{{c}}/refunds', 'r1', {}, { status: 404, code: 'spend_not_found' }),
    check({ balance: { p1: 10 } }),
  ],
  'EC-053': [check({ balance: { p1: 0, p2: 0 } })],
  'EC-055': [
    post('p1/spends', 'k2', { amount: 100 }, { status: 201 }),
    post('p1/spends/{{s}}/refunds', 'r1', {}, { status: 201, headers: fresh }),
  ],
  'EC-056': [
    get('p1/orders/{{order}}', { body: { history: ['PENDING', 'COMPLETED'], total: 100 } }),
    post('p1/orders/{{order}}/complete', 'c1', {}, { status: 200, headers: replayed }),
    post('p1/orders/{{order}}/complete', 'c2', {}, { status: 409, code: 'order_not_pending' }),
    check({ balance: { p1: 100 }, money_and_items_agree: true }),
  ],
  'EC-057': [check({ balance: { p1: 150 }, entitlements: { p1: { box: 1 } } })],
  'EC-059': [
    get('p1/orders/{{order}}', { body: { lines: [{ unit_price: 50, item_version: 1 }] } }),
    check({ balance: { p1: 150 } }),
  ],
  'EC-060': [
    get('p1/orders/{{order}}', { body: { status: 'CANCELLED', cancel_reason: 'EXPIRED' } }),
    check({ balance: { p1: 200 }, entitlements: { p1: {} } }),
  ],
  'EC-061': [post('p1/orders', 'o2', oneBox, { status: 409, code: 'item_unavailable' })],
  'EC-065': [check({ balance: { p1: 150 }, entitlements: { p1: { box: 1 } } })],
  'EC-066': [get('p1/orders', { body: { data: [], next_cursor: null } })],
  'EC-068': [check({ entitlements: { p1: { sword: 1 } } })],
  'EC-070': [check({ entitlements: { p1: { gift: 1 } }, ledger_zero_sum: true })],
  'EC-071': [{ advance_clock: 'PT16M' }, post('p1/orders', 'o1', oneBox, { status: 201 })],
  'EC-075': [check({ balance: { p1: 350 }, entitlements: { p1: { potion: 1, sword: 1 } } })],
  'EC-077': [
    {
      ...post(
        'p1/orders/{{order}}/refunds',
        'r2',
        {},
        {
          body: { amount: 100, revoked: [] },
          says: 'already_revoked',
        },
      ),
      auth: 'admin',
      body: { lines: [{ sku: 'sword', quantity: 1 }], revoke: 'force' },
    },
    check({ balance: { p1: 450 } }),
  ],
  'EC-078': [
    post(
      'p1/orders/{{order}}/refunds',
      'r2',
      { amount: 121, revoke: 'none' },
      { status: 422, code: 'refund_exceeds_remaining', body: { max_refundable: 120 } },
    ),
    get('p1/orders/{{order}}', { body: { status: 'COMPLETED', refund_status: 'PARTIAL' } }),
    check({ balance: { p1: 380 } }),
  ],
  'EC-080': [
    post('p1/orders/{{order}}/cancel', 'x1', {}, { status: 200, body: { status: 'CANCELLED' } }),
    post('p1/orders/{{order}}/refunds', 'r2', {}, { status: 409, code: 'order_not_refundable' }),
  ],
  'EC-081': [
    get('p1/orders/{{order}}', { body: { status: 'REFUNDED' } }),
    check({ entitlements: { p1: {} }, money_and_items_agree: true }),
  ],
  'EC-083': [
    {
      ...post('p1/orders/{{order}}/refunds', 'r2', { revoke: 'force' }, { status: 201 }),
      auth: 'admin',
    },
    check({ balance: { p1: -10 }, ledger_zero_sum: true }),
  ],
  'EC-084': [check({ entitlements: { p1: { potion: 1 } } })],
  'EC-088': [
    get('p1/payments/{{pay}}', { body: { status: 'SUCCEEDED' } }),
    check({ history: { p1: [{ sign: 1, amount: 100, balance_after: 100 }] } }),
  ],
  'EC-090': [callback(paid('e3', 100), { status: 200, body: { status: 'duplicate' } })],
  'EC-091': [
    callback(
      { event_id: 'e2', type: 'payment.succeeded', provider_ref: 'Y', amount: 1 },
      { status: 202, body: { status: 'parked' } },
    ),
  ],
  'EC-094': [
    get('p1/payments/{{pay}}', { body: { status: 'REFUNDED' } }),
    check({ ledger_zero_sum: true }),
  ],
  'EC-095': [get('p1/payments/{{pay}}', { body: { status: 'SUCCEEDED', late: true } })],
  'EC-096': [
    check({
      history: { p1: [{ type: 'CLAWBACK', balance_after: -80 }, { sign: -1 }, { sign: 1 }] },
    }),
    post('p1/credits', 'c1', { amount: 100, reason: 'PURCHASE' }, { body: { balance_after: 20 } }),
  ],
  'EC-106': [get('p1/payments/{{pay}}', { body: { status: 'SUCCEEDED' } })],
  'EC-108': [
    { inject: 'ENOSPC' },
    post('p1/spends', 'k2', { amount: 1 }, { status: 503, headers: { 'Retry-After': '*' } }),
    get('p1', { body: { balance: 70 } }),
    post('p1/spends', 'k1', { amount: 30, reason: 'sword' }, { status: 201, headers: replayed }),
    { inject: null },
    post('p1/spends', 'k2', { amount: 1 }, { status: 201, headers: fresh }),
  ],
  'EC-113': [
    call('POST /signup', bob, { status: 409, code: 'username_taken' }),
    check({ ledger_count: { p1: 1, bob: 1 }, ledger_zero_sum: true }),
  ],
  'EC-114': [get('bob', { status: 404, code: 'player_not_found' })],
  'EC-118': [
    call('POST /signup', bob, { status: 409, code: 'username_taken' }),
    call('POST /login', bob, { status: 200 }),
    check({ balance: { bob: 0 } }),
  ],
  'EC-119': [
    {
      parallel: ['nobody', 'bob'].map((username) => {
        return call('POST /login', { username, password: 'wrong' }, {});
      }),
      expect: { statuses: { 401: 2 }, same: ['code', 'title', 'detail', 'error'] },
    },
  ],
  'EC-121': [
    call(
      'GET /balance',
      null,
      { body: { username: 'player1' }, says: 'version' },
      'bearer:{{jwt}}',
    ),
    call('GET /balance', null, { says: 'referralCode' }, 'bearer:{{jwt}}'),
  ],
  'EC-123': [
    call('POST /purchase', { item: 'nope' }, { body: { error: 'Invalid item' } }, 'player:player1'),
    call(
      'POST /purchase',
      { item: 'gold_coin' },
      { status: 402, body: { error: 'insufficient funds' } },
      'player:player1',
    ),
  ],
  'EC-129': [
    move('bet', 1, 0, 'RS_OK'),
    move('win', 2, 1, 'RS_ERROR_TRANSACTION_DOES_NOT_EXIST', 'u1'),
    move('win', 3, 1, 'RS_OK'),
    move('win', 4, 3, 'RS_ERROR_TRANSACTION_DOES_NOT_EXIST'),
  ],
  'EC-131': [check({ exwallet_balance: { u1: 99_000 }, ledger_zero_sum: true })],
  'EC-133': [
    get('p1/transactions?limit=5', {}, { cursor: 'next_cursor' }),
    ...['p2/transactions?', 'p1/orders?', 'p1/transactions?type=CREDIT&'].map((path) => {
      return get(`${path}cursor={{cursor}}`, { status: 400, code: 'invalid_cursor' });
    }),
  ],
};
