import {
  type Answer,
  acceptance,
  isOf,
  type Line,
  nameOf,
  numberOf,
  type Op,
  type Seen,
  type Sent,
  type Span,
  spanOf,
} from './history.js';
import { Player } from './player.js';

/** A line of a player's history, and the operation that made it. */
interface Entry extends Span {
  readonly line: Line;
  readonly by: Sent;
}

/** A refusal or a read: an answer that changed nothing. */
interface Question extends Span {
  readonly op: Op;
  readonly answer: Answer;
}

/**
 * Judges what clients heard by the histories that players have at the end. Each is replayed through
 * the rules: what was accepted must be what they say at its place, and every other answer what they
 * say at some place between its question and itself. It shares no code with the engine.
 */
export class Oracle {
  readonly #sent: readonly Sent[];
  readonly #winsOnce: boolean;
  /** What stands in a history, by the number of its id: an id has one effect. */
  readonly #done = new Map<number, Sent>();
  readonly faults: string[] = [];

  constructor(sent: readonly Sent[], winsOnce: boolean) {
    this.#sent = sent;
    this.#winsOnce = winsOnce;
  }

  judge({ lines, balances }: Seen): readonly string[] {
    const histories = [...lines].map(([user, own]) => {
      return [user, own.flatMap((line) => this.#entryOf(user, line))] as const;
    });
    for (const [user, entries] of histories) this.#replay(user, entries, balances.get(user));
    for (const one of this.#sent) if (one.op.kind !== 'read') this.#once(one);
    return this.faults;
  }

  /** The entry of a line, which must be of one operation that has no other. */
  #entryOf(user: string, line: Line): readonly Entry[] {
    const isNew = ({ op }: Sent): boolean => !this.#done.has(numberOf(op));
    const by = this.#sent.find((one) => isNew(one) && isOf(one, user, line));
    this.#expect(by !== undefined, `${user}: nobody asked for ${line.id}, or it is done twice`);
    if (by === undefined) return [];
    this.#done.set(numberOf(by.op), by);
    return [{ line, by, ...spanOf(by) }];
  }

  #replay(user: string, entries: readonly Entry[], balance: number | undefined): void {
    const player = new Player(this.#winsOnce);
    const open = new Set(this.#sent.filter(({ op }) => op.user === user).flatMap(questionsOf));
    for (let place = 0; place <= entries.length; place++) {
      for (const asked of open) {
        if (mayBeAt(entries, place, asked) && this.#isRight(player, asked)) open.delete(asked);
      }
      const entry = entries[place];
      if (entry === undefined) continue;
      const isThen = mayBeAt(entries, place, entry);
      this.#expect(isThen, `${nameOf(entry.by.op)} stands where it cannot have been`);
      this.#follow(player, entry);
    }
    for (const { op, answer } of open) {
      const told = `${answer.code}, ${answer.balance}`;
      this.faults.push(`${nameOf(op)} was told ${told}: that was so at no moment`);
    }
    this.#expect(balance === player.balance, `${user} has ${balance}, not ${player.balance}`);
  }

  #isRight(player: Player, { op, answer, end }: Question): boolean {
    const other = this.#done.get(numberOf(op));
    const isTaken = other !== undefined && other.op.index !== op.index && spanOf(other).begin < end;
    if (isTaken && answer.code === 'RS_ERROR_DUPLICATE_TRANSACTION') return true;
    const { code, balance = player.balance } = answer;
    return player.says(op) === (answer.ok ? 0 : code) && balance === player.balance;
  }

  /** An entry moves what the rules say, and was answered so. */
  #follow(player: Player, { line, by }: Entry): void {
    const due = player.says(by.op);
    player.does(by.op, line.moved);
    const { moved, balance = player.balance, version } = line;
    const name = `${nameOf(by.op)}, ${line.id},`;
    this.#expect(due === moved, `${name} moved ${moved}, not ${due}`);
    this.#expect(balance === player.balance, `${name} ended at ${balance}, not ${player.balance}`);
    const answer = acceptance(by);
    this.#expect(isSame(answer?.balance, balance), `${name} was told ${answer?.balance}`);
    this.#expect(isSame(answer?.left, player.left(by.op)), `${name} was told ${answer?.left} left`);
    this.#expect(isSame(answer?.version, version), `${name} was told version ${answer?.version}`);
    const mayFall = moved >= 0 || by.op.kind === 'rollback';
    this.#expect(balance >= 0 || mayFall, `${name} ended below zero, at ${balance}`);
  }

  /** What was accepted stands in a history, and has one answer for ever. */
  #once(one: Sent): void {
    const granted = one.attempts.flatMap(({ answer }) => (answer?.ok ? [answer] : []));
    if (granted.length === 0) return;
    const texts = new Set(granted.map(({ text }) => text));
    const fresh = granted.filter(({ replayed }) => replayed === false).length;
    const name = nameOf(one.op);
    this.#expect(texts.size === 1, `${name} has answers: ${[...texts].join(' and ')}`);
    this.#expect(fresh <= 1, `${name} was done ${fresh} times`);
    this.#expect(this.#done.get(numberOf(one.op)) === one, `${name} is not in the history`);
  }

  #expect(holds: boolean, words: string): void {
    if (!holds) this.faults.push(words);
  }
}

/** Whether an answer says so, or nothing. */
function isSame(told: number | undefined, so: number | undefined): boolean {
  return told === undefined || told === so;
}

function questionsOf({ op, attempts }: Sent): readonly Question[] {
  return attempts.flatMap(({ at, done = Infinity, answer }) => {
    const isOne = answer !== undefined && (op.kind === 'read' || !answer.ok);
    return isOne ? [{ op: { ...op, price: answer.price }, answer, begin: at, end: done }] : [];
  });
}

/** Whether what began and ended so can have been just before the entry at a place. */
function mayBeAt(entries: readonly Span[], place: number, { begin, end }: Span): boolean {
  const isLate = entries.slice(place).some((later) => later.end < begin);
  return !isLate && entries.slice(0, place).every((earlier) => earlier.begin < end);
}
