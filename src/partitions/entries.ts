import { transactionIdOf } from '../ledger/transactions.js';
import { isRequest, isTransaction, type Kind, type Posting } from '../ledger/vocabulary.js';
import type { Bytes } from './bytes.js';
import { Currencies } from './currencies.js';
import {
  eachEntry,
  kindOf,
  movedOf,
  openFrame,
  readEntryHead,
  readFrameHeader,
  recordOf,
} from './frame.js';
import { type Journal, openJournal } from './journal.js';
import { journalDirectory } from './journal-file.js';
import {
  amountOf,
  DETAILS,
  FLAGS,
  hasReference,
  RECORD,
  readDetail,
  readDetails,
  referenceAt,
  unpackDetail,
} from './record.js';
import { hexAt, userOf } from './request-record.js';
import { settingOf } from './setting-record.js';
import { readUuid } from './uuid.js';
import { openStill } from './visit.js';

/** An entry as a person reads it; amounts in minor units. */
export interface PlainEntry {
  readonly partition: number;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: Kind;
  readonly user: string;
  readonly currency: string;
  /** As it was asked for; of a request, a rollback or a change of a status, what it moved for its player. */
  readonly amount: number;
  readonly balance: number;
  readonly version: number;
  readonly transaction?: string;
  readonly request?: string;
  readonly reference?: string;
  readonly postings: readonly Posting[];
  /** Optional fields of the request by their names. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The entries of a partition's journal, oldest first. Close what it gives when done. */
export async function readEntries(
  directory: string,
  partition: number,
): Promise<{ readonly entries: Generator<PlainEntry>; close(): Promise<void> }> {
  const journal = await openStill(directory, () => {
    return openJournal(journalDirectory(directory), { durability: 'disk', readOnly: true });
  });
  return { entries: walk(journal, partition), close: () => journal.close() };
}

function* walk(journal: Journal, partition: number): Generator<PlainEntry> {
  const currencies = new Currencies();
  const { last } = journal;
  for (let number = 1; number <= last; number++) {
    const stored = journal.read(number);
    if (stored === undefined) throw new Error(`partition ${partition}: frame ${number} is missing`);
    const bytes = openFrame(stored);
    const { sequence, time } = readFrameHeader(bytes);
    const places: number[] = [];
    eachEntry(bytes, (at) => places.push(at));
    for (const [index, at] of places.entries()) {
      const head = { partition, sequence: sequence + index, time };
      yield { ...head, ...readEntry(bytes, at, currencies) };
    }
  }
}

function readEntry(
  bytes: Bytes,
  at: number,
  currencies: Currencies,
): Omit<PlainEntry, 'partition' | 'sequence' | 'time'> {
  const { balance, version, postings } = readEntryHead(bytes, at);
  const record = recordOf(bytes, at);
  const kind = kindOf(bytes, at);
  const isAsked = kind !== 'status' && kind !== 'rollback' && !isRequest(kind);
  return {
    kind,
    user: nameOf(userOf(bytes, record)),
    currency: currencies.read(bytes, record + RECORD.currency),
    amount: isAsked ? amountOf(bytes, record) : Math.abs(movedOf(bytes, at)),
    balance,
    version,
    ...(isTransaction(kind) && readIds(bytes, record)),
    ...(isRequest(kind) && { transaction: idOf(bytes, record) }),
    postings,
    details: readMore(kind, bytes, record),
  };
}

/** The id of a request's entry, as the history has it. */
function idOf(bytes: Bytes, record: number): string {
  return transactionIdOf(hexAt(bytes.u8, record + RECORD.transaction));
}

/** The ledger's own actors begin with a zero byte, which no table likes. */
function nameOf(user: string): string {
  return user.startsWith('\0') ? `system:${user.slice(1)}` : user;
}

/** What was asked for. What the engine knew beside it may be a secret, such as a password's hash. */
function readMore(kind: Kind, bytes: Bytes, record: number): Record<string, unknown> {
  if (isRequest(kind)) return { request: unpackDetail(bytes, record, DETAILS.args) };
  if (kind !== 'status' && kind !== 'limits') return readOptional(bytes, record);
  const setting = settingOf(kind, bytes, record);
  if (setting.kind === 'limits') return { limits: setting.limits ?? null };
  return { status: setting.disabled ? 'DISABLED' : 'ACTIVE' };
}

function readIds(
  bytes: Bytes,
  record: number,
): Pick<PlainEntry, 'transaction' | 'request' | 'reference'> {
  const asSent = readDetail(bytes, record, DETAILS.request)?.toString('latin1');
  return {
    transaction: readUuid(bytes.u8, record + RECORD.transaction),
    request: asSent ?? readUuid(bytes.u8, record + RECORD.request),
    ...(hasReference(bytes, record) && {
      reference: readUuid(bytes.u8, referenceAt(record)),
    }),
  };
}

const FLAG_NAMES = {
  is_free: FLAGS.free,
  is_supplier_promo: FLAGS.promo,
  round_closed: FLAGS.roundClosed,
  is_aggregated: FLAGS.aggregated,
} as const;

/** Details that are no optional field as it was sent. */
const unread: ReadonlySet<string> = new Set(['token', 'request', 'day']);

/** The optional fields but for the token, of which only a hash is kept. */
function readOptional(bytes: Bytes, record: number): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const details = readDetails(bytes, record);
  for (const [name, tag] of Object.entries(DETAILS)) {
    const value = details.get(tag)?.toString('utf8');
    if (value === undefined || unread.has(name)) continue;
    found[name] = name === 'meta' ? JSON.parse(value) : value;
  }
  const flags = bytes.u8[record + RECORD.flags] as number;
  for (const [name, bit] of Object.entries(FLAG_NAMES)) {
    if ((flags & bit) !== 0) found[name] = true;
  }
  return found;
}
