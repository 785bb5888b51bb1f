import type { Message } from '../ledger/messages.js';
import type { SettleArgs } from '../ledger/transfers.js';
import type { Outcome } from './economy.js';
import { idOf, type RequestId } from './request-ids.js';
import type { Requests } from './requests.js';
import type { Retries } from './retries.js';
import { isUserId } from './user-id.js';

/**
 * Brings the messages of outboxes to their recipients, and their outcomes back.
 *
 * D1 A message is delivered until its outcome is known; the ids of delivery and settlement are made
 *    of the message, so that each has one effect.
 * D2 It is settled as undelivered only after the recipient's partition has refused it, and then no
 *    delivery of it is under way.
 * D3 Whatever is not settled is in an outbox. Each is read at the start, and when its partition has
 *    a new thread: what the former one sent, nobody may have heard of.
 */
export class Courier {
  readonly #requests: Requests;
  /** Messages that are being brought, and the work that stands for it. */
  readonly #underWay = new Set<string>();
  readonly #begun = new Set<Promise<void>>();
  /** For each outbox that is being read, what was settled meanwhile: the reading may be older. */
  readonly #settled = new Set<Set<string>>();
  readonly #retries: Retries;

  constructor(retries: Retries, requests: Requests) {
    this.#retries = retries;
    this.#requests = requests;
  }

  /**
   * Reads an outbox, as soon as that can be done, and begins to bring what is there. Rejects when
   * so many attempts have failed.
   */
  collect(partition: number, attempts?: number): Promise<void> {
    return this.#begin(this.#collect(partition, attempts));
  }

  async #collect(partition: number, attempts?: number): Promise<void> {
    const settled = new Set<string>();
    this.#settled.add(settled);
    try {
      for (let last: string | undefined; ; ) {
        const read = () => this.#outbox(partition, last);
        const found = (await this.#retries.until(read, undefined, attempts)) ?? [];
        last = found.at(-1)?.id;
        if (last === undefined) return;
        this.post(found.filter(({ id }) => !settled.has(id)));
      }
    } finally {
      this.#settled.delete(settled);
    }
  }

  /** The newest messages of an outbox, or the newest before one; none: that was all. */
  async #outbox(partition: number, before: string | undefined): Promise<readonly Message[]> {
    const query = { what: 'outbox', ...(before !== undefined && { before }) } as const;
    const open = await this.#requests.queryAt<Message[]>(partition, query);
    return open.ok ? open.value : [];
  }

  /** Begins to bring messages; those under way already are left to it. */
  post(messages: readonly Message[]): void {
    for (const message of messages) {
      if (this.#retries.stopped || this.#underWay.has(message.id)) continue;
      this.#underWay.add(message.id);
      void this.#begin(this.#bring(message));
    }
  }

  #begin(work: Promise<void>): Promise<void> {
    const begun = work.finally(() => this.#begun.delete(begun));
    this.#begun.add(begun);
    return begun;
  }

  /** When the retries are stopped, each message ends the step that it is at; the rest waits. */
  async stopped(): Promise<void> {
    while (this.#begun.size > 0) await Promise.all(this.#begun);
  }

  async #bring(message: Message): Promise<void> {
    const { id, from, to, kind, args, by } = message;
    const delivery = isRecipient(message)
      ? await this.#ask(
          { kind, player: to, args, context: { by } },
          idOf('deliver', id),
          () => true,
        )
      : ({ ok: false, code: 'player_not_found' } as const);
    if (delivery !== undefined) {
      const settlement = settlementOf(message, delivery);
      // A balance that is full takes the money back when there is room again.
      await this.#ask(
        { kind: 'settle', player: from, args: settlement, context: { by: 'system' } },
        idOf('settle', id),
        ({ ok }) => ok,
      );
    }
    this.#underWay.delete(id);
    for (const settled of this.#settled) settled.add(id);
  }

  #ask(
    asking: Parameters<Requests['send']>[0],
    id: RequestId,
    isEnough: (outcome: Outcome<unknown>) => boolean,
  ): Promise<Outcome<unknown> | undefined> {
    return this.#retries.until(() => this.#requests.send(asking, id), isEnough);
  }
}

/** What the sender's side is told: of money that comes back, also what it was. */
function settlementOf(
  { id, to, transaction }: Message,
  delivery: Pick<Outcome<unknown>, 'ok'> & { readonly code?: string },
): SettleArgs {
  if (delivery.ok) return { message: id, delivered: true };
  // An earlier build sent to whatever it was given: the settlement must be taken all the same.
  const isTold = transaction !== undefined && typeof to === 'string';
  const sent = isTold ? { to, returned: transaction } : {};
  return { message: id, delivered: false, reason: delivery.code ?? '', ...sent };
}

/** A player; a link is for an actor of the ledger's own, which nobody outside can name. */
function isRecipient({ kind, to }: Message): boolean {
  return kind === 'link' || isUserId(to);
}
