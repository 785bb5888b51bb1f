import { type Change, change } from './request.js';

/**
 * What one actor sends to another, who may live in another partition. O1: a message is a document of
 * its sender's partition, written by the entry that takes the money into `transit`. O2: whoever gets
 * it applies it under an id that is made of the message, so once. O3: it is removed by the entry
 * that settles it, and only when its outcome is known; until then it is delivered again.
 */
export interface Message {
  readonly id: string;
  /** The player whose entry sent it and is settled with. */
  readonly from: string;
  readonly to: string;
  /** The command that it becomes at the other side, and its arguments. */
  readonly kind: 'deliver' | 'link' | 'payment_event';
  readonly args: unknown;
  /** Who is told to have done it, in the recipient's history. */
  readonly by: string;
  /** Money that is in transit with it, minor units. */
  readonly amount: number;
  /** Where the money goes when it cannot be delivered. */
  readonly returns: 'player' | 'treasury';
  /** The transaction that sent it, where the history has one to name. */
  readonly transaction?: string;
}

export function send(message: Message): Change {
  return change(message.id, message, 'outbox');
}
