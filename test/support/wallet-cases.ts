import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BetBody, RollbackBody, WinBody } from 'purser';
import { expect } from 'vitest';
import { type Server, serve } from './server.js';

export interface Case {
  readonly id: string;
  readonly name: string;
  readonly profile: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: the cases are data of many shapes
  readonly body: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  readonly expect?: any;
  readonly rawAmount?: string;
  /** `good` signs the body as it is sent; anything else signs what a parser makes of it. */
  readonly signature?: string;
  readonly rawBody?: string;
}

const file = resolve(import.meta.dirname, '../cases/wallet.json');
export const cases: readonly Case[] = JSON.parse(readFileSync(file, 'utf8'));

/** They need a registry of sessions, which the wallet does not have. */
const WITH_SESSIONS = new Set(['B25', 'I16', 'R13']);
export const walletCases: readonly Case[] = cases.filter(({ id }) => !WITH_SESSIONS.has(id));

/** Whether a case holds in the exwallet dialect too, as the cases' own document says. */
export function holdsInExwallet({ profile, steps, id }: Case): boolean {
  if (profile === 'hub88' || ONLY_HUB88.has(id)) return false;
  const wins = steps.filter(({ op }) => op === 'win');
  const pairs = new Set(wins.map(({ body }) => body.transaction_uuid));
  const bets = new Set(wins.map(({ body }) => body.reference_transaction_uuid));
  return bets.size === pairs.size || id === 'I24';
}

/** A negative amount (W03), a retry with a fresh request_uuid (I02) or with another meta (I10). */
const ONLY_HUB88 = new Set(['W03', 'I02', 'I10']);

/**
 * Where a case and the contract disagree the contract holds. B05: 2^53 is no safe integer, so it
 * is of a wrong type, before anybody looks at the balance.
 */
const CONTRACT: Readonly<Record<string, object>> = { B05: { status: 'RS_ERROR_WRONG_TYPES' } };

/** A case whose users have names of their own, so that cases can share a server. */
export function apart({ id, steps, ...rest }: Case): Case {
  const text = JSON.stringify(steps)
    .replaceAll(/"(alice|bob|carol|bulk-9999)"/g, (_, name) => JSON.stringify(`${id}-${name}`))
    .replaceAll(
      /"prefix":"([^"]+)"/g,
      (_, prefix) => `"prefix":${JSON.stringify(`${id}-${prefix}`)}`,
    );
  const own = JSON.parse(text) as Step[];
  const wanted = CONTRACT[id];
  return {
    ...rest,
    id,
    steps: own.map((step) => (wanted && step.op === 'bet' ? { ...step, expect: wanted } : step)),
  };
}

const PATHS: Readonly<Record<string, string>> = {
  bet: '/transaction/bet',
  win: '/transaction/win',
  rollback: '/transaction/rollback',
  balance: '/user/balance',
  userInfo: '/user/info',
};

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const publicKey: string = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** Whether the server ends on the way of a case. */
export function endsServer({ steps }: Case): boolean {
  return steps.some(({ op, body }) => {
    return ['restart', 'advanceClock', 'randomised'].includes(op) || endsActors(body);
  });
}

/** Nobody can end an actor alone: its server is ended. */
function endsActors(body: object): boolean {
  return 'killActor' in body || 'killEveryOtherActor' in body;
}

/** Runs cases against a server that they share. */
export class CaseRun {
  #server: Server;
  readonly #args: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  /** Cases that are played side by side, and those of them that wait for a restart. */
  #playing = 0;
  #waiting: ((restarted: Promise<void>) => void)[] = [];
  /** Bytes that journals lose while the server is down. */
  #cut = 0;

  private constructor(
    server: Server,
    args: readonly string[],
    environment: Record<string, string>,
  ) {
    this.#server = server;
    this.#args = args;
    this.#environment = environment;
  }

  static async begin(args: readonly string[], signed: boolean): Promise<CaseRun> {
    const environment: Record<string, string> = signed
      ? { PURSER_HUB88_PUBLIC_KEY: Buffer.from(publicKey).toString('base64') }
      : {};
    return new CaseRun(await serve(args, environment), args, environment);
  }

  async end(): Promise<void> {
    await this.#server.kill();
  }

  async step(step: Step): Promise<void> {
    const { op, body } = step;
    switch (op) {
      case 'createUsers':
        return await this.#createUsers(body);
      case 'admin':
        return await this.#admin(body);
      case 'crash':
        // The step behind it is a restart.
        this.#cut = body.truncateLastBytes ?? this.#cut;
        return;
      case 'restart':
      case 'advanceClock':
        return await this.#restart();
      case 'concurrent':
        return await this.#concurrent(body, step.expect);
      case 'concurrentUsers':
        return await this.#concurrentUsers(body, step.expect);
      case 'repeat':
        return await this.#repeat(body, step.expect);
      case 'randomised':
        return await this.#randomised(body);
      default:
        return await this.#one(step);
    }
  }

  async #createUsers(body: { users?: unknown[]; prefix?: string; count?: number }): Promise<void> {
    const many = Array.from({ length: body.count ?? 0 }, (_, i) => `${body.prefix}${i}`);
    await this.#server.ask('/users', { users: body.users ?? many });
  }

  /** Plays cases side by side. They come to their restarts together: one does for all of them. */
  together(cases: readonly Case[]): ReadonlyMap<string, Promise<void>> {
    this.#playing = cases.length;
    return new Map(cases.map((one) => [one.id, this.#play(one)]));
  }

  async #play({ steps }: Case): Promise<void> {
    try {
      for (const step of steps) await this.step(step);
    } finally {
      this.#playing -= 1;
      this.#restartForAll();
    }
  }

  /** Ids are kept for ever: days that pass are a restart. */
  #restart(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#restartForAll();
    });
  }

  #restartForAll(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#playing) return;
    const restarted = this.#crash();
    for (const resolve of this.#waiting.splice(0)) resolve(restarted);
  }

  /**
   * D08: a journal that lost its end is no torn record, for LMDB writes whole pages and syncs them
   * before an answer. It is refused, as the contract wants; with its bytes back it serves again.
   */
  async #crash(): Promise<void> {
    await this.#server.kill();
    if (this.#cut > 0) await this.#refuseCut(this.#cut);
    this.#cut = 0;
    this.#server = await serve(this.#args, this.#environment);
  }

  async #refuseCut(bytes: number): Promise<void> {
    const directory = this.#args[this.#args.indexOf('--data') + 1] ?? '';
    const parts = readdirSync(directory).filter((name) => name.startsWith('partition-'));
    const cut = parts.map((part) => {
      const path = join(directory, part, 'journal', 'data.mdb');
      const whole = readFileSync(path);
      truncateSync(path, whole.length - bytes);
      return { path, whole };
    });
    await expect(serve(this.#args, this.#environment)).rejects.toThrow(/truncated/);
    for (const { path, whole } of cut) writeFileSync(path, whole);
  }

  async #admin(body: Record<string, unknown>): Promise<void> {
    if (endsActors(body)) return await this.#restart();
    const { disableUser, limit } = body as {
      disableUser?: string;
      limit?: { user: string; maxBet: number };
    };
    const [path, content] =
      disableUser !== undefined
        ? [`/v1/players/${disableUser}/status`, { status: 'DISABLED' }]
        : [`/v1/players/${limit?.user}/limits`, { max_bet: limit?.maxBet }];
    const response = await this.#server.send(path, JSON.stringify(content), {}, 'PUT');
    expect(response.status).toBe(200);
  }

  async #one(step: Step): Promise<void> {
    const path = PATHS[step.op];
    if (path === undefined) throw new Error(`there is no operation ${step.op}`);
    let text = step.rawBody === undefined ? JSON.stringify(step.body) : rawOf(step.body);
    if (step.rawAmount !== undefined)
      text = text.replace(/"amount":\d+/, `"amount":${step.rawAmount}`);
    const response = await this.#server.send(path, text, signature(text, step.signature));
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, unknown>;
    this.#compare(answer, step);
  }

  #compare(answer: Record<string, unknown>, { body, expect: expected }: Step): void {
    const wanted = { ...expected };
    if (wanted.fields) for (const field of wanted.fields) expect(answer).toHaveProperty(field);
    if (wanted.echoRequestUuid) expect(answer['request_uuid']).toBe(body.request_uuid);
    expect(answer['status']).toBe(wanted.status);
    if ('balance' in wanted) expect(answer['balance']).toBe(wanted.balance);
  }

  async #concurrent(body: Step['body'], wanted: Step['expect']): Promise<void> {
    const copies = Array.from({ length: body.copies ?? 0 }, () => ({
      op: body.op,
      body: body.freshIds ? { ...body.body, transaction_uuid: randomUUID() } : body.body,
    }));
    const operations: Step[] = body.ops ?? copies;
    const answers = await Promise.all(
      operations.map(({ op, body: sent }) => this.#server.ask(PATHS[op] ?? '', sent)),
    );
    if (wanted.statusCounts) expect(count(answers)).toEqual(wanted.statusCounts);
    if (wanted.allEqual)
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    if (wanted.rollbackStatus) expect(answers[1]?.['status']).toBe(wanted.rollbackStatus);
    const balance = await this.#balance(operations[0]?.body.user);
    if ('finalBalance' in wanted) expect(balance).toBe(wanted.finalBalance);
    if ('finalBalanceIn' in wanted) expect(wanted.finalBalanceIn).toContain(balance);
  }

  async #concurrentUsers(body: Step['body'], wanted: Step['expect']): Promise<void> {
    const answers = await Promise.all(
      Array.from({ length: body.count }, (_, i) => {
        return this.#server.ask('/transaction/bet', bet(`${body.prefix}${i}`, body.amount));
      }),
    );
    expect(count(answers)).toEqual(wanted.statusCounts);
  }

  async #repeat(body: Step['body'], wanted: Step['expect']): Promise<void> {
    let answer: Record<string, unknown> = {};
    for (let i = 0; i < body.count; i++) {
      const sent = { ...body.template, transaction_uuid: randomUUID() };
      answer = await this.#server.ask(PATHS[body.op] ?? '', sent);
    }
    expect(answer).toMatchObject(wanted);
  }

  /** Money is conserved: what the answers say adds up, before and after a replay. */
  async #randomised({ users, ops }: { users: number; ops: number }): Promise<void> {
    const names = Array.from({ length: users }, (_, i) => `random-${i}`);
    await this.#server.ask('/users', { users: names });
    const balances = new Map(names.map((name) => [name, 100_000]));
    const list = Array.from({ length: ops }, (_, i) => {
      return { op: 'bet', ...bet(names[(i * 7919) % users] ?? '', 1 + ((i * 31) % 97)) };
    });
    for (let i = 0; i < list.length; i += 1000) {
      const slice = list.slice(i, i + 1000);
      const response = await this.#server.post('/transactions', [...slice, ...slice.slice(0, 100)]);
      const answers = (await response.json()) as Record<string, unknown>[];
      for (const [at, { user, amount }] of slice.entries()) {
        expect(answers[at]?.['status']).toBe('RS_OK');
        balances.set(user, (balances.get(user) ?? 0) - amount);
      }
    }
    await this.#restart();
    for (const [name, balance] of balances) expect(await this.#balance(name)).toBe(balance);
  }

  async #balance(user: string): Promise<unknown> {
    const answer = await this.#server.ask('/user/balance', { user, request_uuid: randomUUID() });
    return answer['balance'];
  }
}

export function bet(user: string, amount: number): BetBody {
  return {
    user,
    amount,
    currency: 'USD',
    transaction_uuid: randomUUID(),
    request_uuid: randomUUID(),
  };
}

function signature(text: string, kind: string | undefined): Record<string, string> {
  if (kind === undefined) return {};
  const key: KeyObject = keys.privateKey;
  const signed = kind === 'good' ? text : JSON.stringify(JSON.parse(text));
  return { 'x-hub88-signature': sign('sha256', Buffer.from(signed), key).toString('base64') };
}

/** The same members in another order, with spaces and an escaped letter. */
function rawOf(body: object): string {
  const members = Object.fromEntries([...Object.entries(body), ['bet', 'café']].reverse());
  return JSON.stringify(members, null, 3).replace('é', '\\u00e9');
}

function count(answers: readonly Record<string, unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  return counts;
}

/** A win on a bet. */
export function win(user: string, amount: number, reference_transaction_uuid: string): WinBody {
  return { ...bet(user, amount), reference_transaction_uuid };
}

/** A rollback of a bet or win. */
export function rollback(user: string, reference_transaction_uuid: string): RollbackBody {
  const { transaction_uuid, request_uuid } = bet(user, 1);
  return { user, transaction_uuid, request_uuid, reference_transaction_uuid };
}
