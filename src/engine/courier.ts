import { setTimeout as wait } from 'node:timers/promises';
import type { Message } from '../ledger/messages.js';
import type { RequestKind } from '../ledger/vocabulary.js';
import type { Outcome } from './economy.js';
import { EngineError } from './errors.js';
import { idOf } from './request-ids.js';
import { isUserId } from './user-id.js';

/** Sends a request under its id; as `Requests.send`. */
export type Send = (
  asking: {
    readonly kind: RequestKind;
    readonly player: string;
    readonly args: unknown;
    readonly context: { readonly by: string };
  },
  id: Uint8Array,
) => Promise<Outcome<unknown>>;

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Brings the messages of outboxes to their recipients, and their outcomes back.
 *
 * D1 A message is delivered until its outcome is known; the ids of delivery and settlement are made
 *    of the message, so that each has one effect.
 * D2 It is settled as undelivered only after the recipient's partition has refused it, and then no
 *    delivery of it is under way.
 * D3 Whatever is not settled when the process ends is still in its outbox, and is brought again.
 */
export class Courier {
  readonly #send: Send;
  readonly #underWay = new Map<string, Promise<void>>();
  #stopped = false;
  readonly #wake = new AbortController();

  constructor(send: Send) {
    this.#send = send;
  }

  /** Begins to bring messages; those under way already are left to it. */
  post(messages: readonly Message[]): void {
    for (const message of messages) {
      if (this.#stopped || this.#underWay.has(message.id)) continue;
      const brought = this.#bring(message).finally(() => this.#underWay.delete(message.id));
      this.#underWay.set(message.id, brought);
    }
  }

  /** Lets each message end the step that it is at; the rest is for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.abort();
    await Promise.all(this.#underWay.values());
  }

  async #bring(message: Message): Promise<void> {
    const { id, from, to, kind, args, by } = message;
    const delivery = isRecipient(to)
      ? await this.#until(
          { kind, player: to, args, context: { by } },
          idOf('deliver', id),
          () => true,
        )
      : ({ ok: false, code: 'player_not_found' } as const);
    if (delivery === undefined) return;
    const reason = delivery.ok ? {} : { reason: delivery.code };
    const settlement = { message: id, delivered: delivery.ok, ...reason };
    // A balance that is full takes the money back when there is room again.
    await this.#until(
      { kind: 'settle', player: from, args: settlement, context: { by: 'system' } },
      idOf('settle', id),
      ({ ok }) => ok,
    );
  }

  /** Sends until there is an outcome that will do; undefined when the courier is stopped. */
  async #until(
    asking: Parameters<Send>[0],
    id: Uint8Array,
    isEnough: (outcome: Outcome<unknown>) => boolean,
  ): Promise<Outcome<unknown> | undefined> {
    for (
      let pause = FIRST_PAUSE_MS;
      !this.#stopped;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    ) {
      try {
        const outcome = await this.#send(asking, id);
        if (isEnough(outcome)) return outcome;
      } catch (error) {
        // Its outcome is unknown or nothing was done: both times the same id is safe to send again.
        if (!(error instanceof EngineError)) throw error;
        if (error.code === 'closed') return undefined;
      }
      await this.#pause(pause);
    }
    return undefined;
  }

  /** Shorter when the courier is stopped. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#wake;
    await wait(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** A player, or an actor of the ledger's own, which nobody outside can name. */
function isRecipient(name: string): boolean {
  return name.startsWith('\0') || isUserId(name);
}
