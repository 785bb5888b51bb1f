import type { Message } from '../ledger/messages.js';
import type { RequestEntry } from '../ledger/request.js';
import type { DeliverArgs, SettleArgs } from '../ledger/transfers.js';

/**
 * Matches what partitions sent each other, over the walk of all of them: every delivery was sent,
 * everything settled as delivered was delivered, and `transit` holds what is on its way.
 */
export class Transit {
  /** Messages with money that are not settled. */
  readonly #open = new Map<string, number>();
  readonly #delivered = new Set<string>();
  readonly #settled = new Set<string>();

  note(entry: RequestEntry): void {
    if (entry.kind === 'deliver') {
      this.#match((entry.args as DeliverArgs).message, this.#delivered, this.#settled);
    }
    for (const { collection, id, value } of entry.changes) {
      if (collection !== 'outbox') continue;
      if (value !== null) this.#send(id, value as Message);
      else if (this.#open.delete(id) && (entry.args as SettleArgs).delivered) {
        this.#match(id, this.#settled, this.#delivered);
      }
    }
  }

  #send(id: string, { kind, amount }: Message): void {
    if (kind === 'deliver') this.#open.set(id, amount);
  }

  /** Both sides of a message cancel out; one side waits for the other. */
  #match(id: string, side: Set<string>, other: Set<string>): void {
    if (!other.delete(id)) side.add(id);
  }

  /** How much is on its way, and in how many messages. */
  get underWay(): { readonly messages: number; readonly amount: bigint } {
    const amounts = [...this.#open].filter(([id]) => !this.#delivered.has(id));
    const amount = amounts.reduce((sum, [, value]) => sum + BigInt(value), 0n);
    return { messages: amounts.length, amount };
  }

  /** What does not fit, once every partition was walked; `transit` is the sum of its shares. */
  fault(transit: bigint): string | undefined {
    const [settled] = this.#settled;
    if (settled !== undefined) return `message ${settled} was settled but never delivered`;
    const unsent = [...this.#delivered].find((id) => !this.#open.has(id));
    if (unsent !== undefined) return `message ${unsent} was delivered but never sent`;
    const { amount } = this.underWay;
    return amount === transit ? undefined : `transit holds ${transit}, but ${amount} is on its way`;
  }
}
