import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { Asserts } from './economy-asserts.js';
import type { EconomyCase, Expectation, Step } from './economy-cases.js';
import { EconomyClient } from './economy-client.js';
import { Fixtures } from './economy-fixtures.js';
import { copies, paginate, randomLoad, repeat, stopUnderLoad } from './economy-loads.js';
import { at, isGone, isGood, type Reply } from './exchange.js';
import { ShopServer } from './shop-server.js';
import { tracer } from './tracer.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** The server looks once in a second how much of the disk is free. */
const DISK_LOOK_MS = 1_100;
const PATIENCE_MS = 10_000;

/** A sync takes longer than the server lives: what it was to make durable never is. */
const SLOW_SYNCS = ['trace=fdatasync', 'inject=fdatasync:delay_enter=2000000'];
const KILLED_AFTER_MS = 300;
const FAILING_SYNCS = ['trace=fdatasync', 'inject=fdatasync:error=EIO'];

/** Runs the steps of one case. */
export class EconomyRun {
  readonly #case: EconomyCase;
  readonly #partitions: number;
  readonly #shops: ShopServer[];
  readonly #client: EconomyClient;
  readonly #fixtures: Fixtures;
  readonly #asserts: Asserts;
  readonly #players = new Set<string>();
  readonly #balances: number[] = [];
  /** Where the next call is to meet its end. */
  #fault: string | undefined;
  /** Where the last one did: the retry tells what is left of it. */
  #crashedAt: string | undefined;
  /** Storage fails: what is expected may take a moment to show. */
  #isPatient = false;
  /** Spends that were answered with success before the server stopped. */
  #acknowledged: Step[] = [];

  constructor(shop: ShopServer, partitions: number, one: EconomyCase) {
    this.#case = one;
    this.#partitions = partitions;
    this.#shops = [shop];
    this.#client = new EconomyClient(shop);
    this.#fixtures = new Fixtures(this.#client, one.steps);
    this.#asserts = new Asserts(this.#client, () => {
      return { balances: this.#balances, players: [...this.#players] };
    });
  }

  get #shop(): ShopServer {
    return this.#client.shop;
  }

  async run(): Promise<void> {
    for (const step of this.#case.steps) await this.#step(step);
    for (const shop of this.#shops.slice(1)) await shop.kill();
  }

  async #step(step: Step): Promise<void> {
    if (step.call !== undefined || step.webhook !== undefined) return await this.#exchange(step);
    if (step.fixture !== undefined) return await this.#fixture(step.fixture);
    if (step.assert !== undefined) return await this.#assert(step.assert);
    if (step.parallel !== undefined) return await this.#parallel(step);
    if (step.fault !== undefined) return await this.#arm(step.at ?? '');
    if (step.kill9 === true) return await this.#shop.kill();
    if (step.restart === true) return void (await this.#shop.start());
    if (step.compact === true) return await this.#reopen();
    if (step.advance_clock !== undefined) return await this.#advance(step.advance_clock);
    if (step.inject !== undefined) return await this.#inject(step.inject);
    if (step.signal !== undefined) return await this.#stop();
    if (step.repeat !== undefined) return await repeat(this.#client, step.step ?? {}, step.repeat);
    if (step.paginate !== undefined) {
      return await paginate(this.#client, step.paginate, step.expect ?? {});
    }
    if (step.random_load !== undefined) return await this.#load(step.random_load);
    if (step.two_instances === true) return await this.#second();
    if (step.instance !== undefined) return this.#choose(step.instance);
    throw new Error(`nobody knows how to do ${JSON.stringify(step)}`);
  }

  async #fixture(fixture: NonNullable<Step['fixture']>): Promise<void> {
    if (typeof fixture['player'] === 'string') this.#players.add(fixture['player']);
    await this.#fixtures.make(fixture);
  }

  async #assert({ all_acknowledged_present, ...others }: NonNullable<Step['assert']>) {
    if (all_acknowledged_present === true) await this.#present();
    await this.#asserts.check(others);
  }

  async #exchange(step: Step): Promise<void> {
    if (this.#fault !== undefined) return await this.#crash([step], this.#fault);
    const reply = this.#isPatient ? await this.#insist(step) : await this.#client.perform(step);
    const point = this.#crashedAt;
    this.#crashedAt = undefined;
    if (point !== undefined) this.#compareRetry(step, reply, point);
  }

  /** A retry after a crash before the commit is the first; after it, it finds the answer there. */
  #compareRetry(step: Step, { headers, body }: Reply, point: string): void {
    const isDone = point.startsWith('after_commit');
    if (!isDone && !point.endsWith('before_commit')) return;
    if (step.webhook !== undefined) {
      expect(body).toMatchObject({ status: isDone ? 'duplicate' : 'applied' });
    } else if (step.key !== undefined) {
      expect(headers['idempotent-replayed']).toBe(isDone ? 'true' : undefined);
    }
  }

  async #insist(step: Step): Promise<Reply> {
    for (const end = Date.now() + PATIENCE_MS; ; await wait(5)) {
      try {
        return await this.#client.perform(step);
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }

  async #parallel({ parallel = [], expect: wanted = {} }: Step): Promise<void> {
    const steps = parallel.flatMap((step) => copies(step, step.times ?? 1));
    if (this.#fault !== undefined) return await this.#crash(steps, this.#fault);
    let isOver = false;
    const watch = this.#watch(() => isOver);
    const replies = await Promise.all(steps.map((step) => this.#client.send(step)));
    isOver = true;
    await watch;
    this.#compare(replies, wanted);
  }

  #compare(replies: readonly Reply[], { statuses, winners, same }: Expectation): void {
    const said = JSON.stringify(replies.map(({ body }) => body)).slice(0, 500);
    const counts: Record<string, number> = {};
    for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
    if (statuses !== undefined) expect(counts, said).toEqual(statuses);
    if (winners !== undefined) expect(replies.filter(isGood), said).toHaveLength(winners);
    expect(
      replies.filter(({ status }) => status >= 500),
      said,
    ).toEqual([]);
    for (const name of same ?? []) {
      expect(new Set(replies.map(({ body }) => at(body, name))).size, `${name}: ${said}`).toBe(1);
    }
  }

  /** Reads balances as fast as it can, where the case says something about every read. */
  async #watch(isOver: () => boolean): Promise<void> {
    if (!JSON.stringify(this.#case.steps).includes('never_negative')) return;
    while (!isOver()) {
      for (const player of this.#players) {
        this.#note(await this.#client.send({ call: `GET /v1/players/${player}` }));
      }
    }
  }

  #note({ body }: Reply): void {
    const balance = at(body, 'balance') ?? at(body, 'balance_after');
    if (typeof balance === 'number') this.#balances.push(balance);
  }

  async #arm(point: string): Promise<void> {
    this.#fault = point;
    if (point.startsWith('after_commit')) this.#shop.crashBeforeAnswer();
    else if (point.endsWith('before_commit')) await this.#reopen(tracer(SLOW_SYNCS));
  }

  /** Sends calls that the server does not live to answer. */
  async #crash(steps: readonly Step[], point: string): Promise<void> {
    this.#fault = undefined;
    this.#crashedAt = point;
    const sent = steps.map((step) => this.#client.send(step).catch(isGone));
    if (point.startsWith('after_commit')) await this.#shop.dies();
    else {
      // Before a commit, or somewhere on the way: the point is inside of one turn of a thread.
      await wait(point.endsWith('before_commit') ? KILLED_AFTER_MS : Math.random() * 10);
      await this.#shop.kill();
    }
    for (const [i, reply] of (await Promise.all(sent)).entries()) {
      if (reply === undefined) continue;
      this.#note(reply);
      // Reads may tell what is durable; nobody is told that something was done.
      if (point.includes('commit')) expect(steps[i]?.call, JSON.stringify(reply)).toMatch(/^GET/);
    }
  }

  async #reopen(wrapper: readonly string[] = []): Promise<void> {
    expect(await this.#shop.stop()).toBe(0);
    await this.#shop.start(wrapper);
  }

  async #advance(duration: string): Promise<void> {
    const [, days = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(\d+)M)?$/.exec(duration) ?? [];
    await this.#shop.advance(Number(days) * DAY_MS + Number(minutes) * MINUTE_MS);
  }

  async #inject(fault: string | null): Promise<void> {
    if (fault === 'storage_down') {
      const body = { player_id: 'a player whom the storage does not take' };
      await this.#reopen(tracer(FAILING_SYNCS));
      this.#isPatient = true;
      void this.#client.send({ call: 'POST /v1/players', body }).catch(() => undefined);
      return;
    }
    this.#shop.setFullDisk(fault === 'ENOSPC');
    await wait(DISK_LOOK_MS);
  }

  async #stop(): Promise<void> {
    const [player = ''] = this.#players;
    this.#acknowledged = await stopUnderLoad(this.#client, player);
  }

  async #present(): Promise<void> {
    expect(this.#acknowledged.length).toBeGreaterThan(0);
    for (const step of this.#acknowledged) {
      const { headers } = await this.#client.must(step);
      expect(headers['idempotent-replayed']).toBe('true');
    }
    for (const player of this.#players) await this.#asserts.check({ history_folds: [player] });
  }

  async #load(requests: number): Promise<void> {
    const [player, sku] = [`${this.#case.id}-p1`, `${this.#case.id}-box`];
    await this.#fixture({ player, balance: 2_000 });
    await this.#fixture({ item: sku, kind: 'consumable', price: 10 });
    await randomLoad(this.#client, player, sku, requests);
    await this.#asserts.check({ money_and_items_agree: true });
  }

  async #second(): Promise<void> {
    this.#shops.push(await new ShopServer(this.#partitions).start());
    for (const instance of [2, 1]) {
      this.#choose(instance);
      await this.#fixture({ exwallet_users: [`${this.#case.id}-u1`] });
    }
  }

  #choose(instance: number): void {
    const shop = this.#shops[instance - 1];
    if (shop === undefined) throw new Error(`there is no instance ${instance}`);
    this.#client.shop = shop;
  }
}
