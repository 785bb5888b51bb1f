import { numberOf, transactionIdOf, } from './history.js';
const COIN = 10;
/** What a wallet may answer and tell, from its contract alone; it shares no code with the engine. */
export class Oracle {
    #sent;
    #seen;
    #opening;
    faults = [];
    constructor(sent, seen, opening) {
        this.#sent = sent;
        this.#seen = seen;
        this.#opening = opening;
    }
    judge() {
        for (const [user, lines] of this.#seen.lines)
            this.#sums(user, lines);
        for (const one of this.#sent) {
            this.#answers(one);
            this.#effect(one);
        }
        for (const [user, lines] of this.#seen.lines)
            this.#order(user, lines);
        this.#strangers();
        return this.faults;
    }
    /** Every balance is the one before and what moved; none is below zero. */
    #sums(user, lines) {
        let balance = 0;
        for (const { id, moved, balance: after } of lines) {
            balance += moved;
            this.#expect(after === balance, `${user}: ${id} ends at ${after}, not ${balance}`);
            this.#expect(after >= 0, `${user}: ${id} ends below zero, at ${after}`);
        }
        const now = this.#seen.balances.get(user);
        this.#expect(now === balance, `${user} has ${now}, but its history ends at ${balance}`);
    }
    /** Once accepted, an id is answered the same for ever; it is done at most once. */
    #answers({ op, attempts }) {
        const granted = attempts.filter(({ answer }) => answer?.ok);
        const [first] = granted.toSorted((a, b) => (a.done ?? 0) - (b.done ?? 0));
        if (op.kind === 'read')
            return;
        const texts = new Set(granted.map(({ answer }) => answer?.text));
        this.#expect(texts.size <= 1, `${nameOf(op)} has answers: ${[...texts].join(' and ')}`);
        const fresh = granted.filter(({ answer }) => answer?.replayed === false);
        const isRequest = first?.answer?.code === 'ok';
        this.#expect(!isRequest || fresh.length <= 1, `${nameOf(op)} was done ${fresh.length} times`);
        for (const { at, answer } of attempts) {
            if (answer === undefined || answer.ok)
                continue;
            const isAfter = first !== undefined && at > (first.done ?? 0) && !this.#isUndone(op);
            this.#expect(!isAfter, `${nameOf(op)} was accepted, and then refused: ${answer.code}`);
        }
        for (const attempt of attempts)
            if (attempt.answer?.ok === false)
                this.#refusal(op, attempt);
    }
    /** What was accepted stands in the history once, as it was answered; what was not does not. */
    #effect({ op, attempts }) {
        if (op.kind === 'read') {
            for (const attempt of attempts)
                this.#read(op, attempt);
            return;
        }
        const answer = answerOf(attempts);
        if (answer === undefined)
            return;
        const all = this.#seen.lines.get(op.user) ?? [];
        const own = all.filter(({ id }) => id === answer.id);
        this.#expect(own.length === 1, `${nameOf(op)} stands ${own.length} times in the history`);
        const [line] = own;
        if (line === undefined)
            return;
        const { balance, moved } = line;
        this.#expect(balance === answer.balance, `${nameOf(op)}: ${answer.balance}, not ${balance}`);
        const due = this.#due(op, all.indexOf(line));
        this.#expect(moved === due, `${nameOf(op)} moved ${moved}, not ${due}`);
        if (op.kind !== 'refund')
            return;
        const paid = this.#sent.find((one) => one.op.index === op.names)?.op.amount ?? 0;
        const refunded = this.#naming(op.names, 'refund').reduce((sum, one) => sum + one.op.amount, 0);
        this.#expect(refunded <= paid, `${refunded} of ${paid} were refunded of #${op.names}`);
    }
    /** What an accepted operation moves. */
    #due(op, place) {
        const { amount, kind } = op;
        if (kind === 'win' || kind === 'credit' || kind === 'refund')
            return amount;
        if (kind === 'order')
            return -COIN * (1 + (amount % 3));
        const named = this.#sent.find((one) => one.op.index === op.names);
        if (kind === 'order_refund')
            return COIN * (1 + ((named?.op.amount ?? 0) % 3));
        if (kind !== 'rollback')
            return -amount;
        const before = (this.#seen.lines.get(op.user) ?? []).slice(0, place);
        const others = this.#naming(op.names, 'rollback').filter((other) => {
            return other.op !== op && other.op.user === op.user;
        });
        const isUndone = others.some((other) => place > this.#placeOf(other));
        const bet = before.find(({ id }) => id === transactionIdOf(op.names ?? -1));
        return bet === undefined || isUndone ? 0 : -bet.moved;
    }
    #placeOf({ op, attempts }) {
        const id = answerOf(attempts)?.id;
        const place = (this.#seen.lines.get(op.user) ?? []).findIndex((line) => line.id === id);
        return place < 0 ? Infinity : place;
    }
    /** Accepted operations of a kind that name another one. */
    #naming(index, kind) {
        return this.#sent.filter(({ op, attempts }) => {
            return op.kind === kind && op.names === index && answerOf(attempts) !== undefined;
        });
    }
    #isUndone(op) {
        return this.#naming(numberOf(op), 'rollback').some((other) => other.op.user === op.user);
    }
    /** A refusal must have had its reason at some moment between the question and the answer. */
    #refusal(op, attempt) {
        const code = attempt.answer?.code ?? '';
        const isRight = this.#reasons(op, attempt)[code] ?? false;
        this.#expect(isRight, `${nameOf(op)} was refused for no reason: ${code}`);
    }
    #reasons(op, attempt) {
        const price = op.kind === 'order' ? COIN * (1 + (op.amount % 3)) : op.amount;
        const poor = this.#window(op.user, attempt).some((balance) => balance < price);
        const isDebit = ['bet', 'spend', 'transfer', 'order'].includes(op.kind);
        const named = this.#sent.find((one) => one.op.index === op.names);
        const bet = named?.op.user === op.user ? answered(named) : undefined;
        const isGone = bet === undefined || bet.done > attempt.at || this.#isUndone(named?.op ?? op);
        const refunded = this.#naming(op.names, 'refund').reduce((sum, r) => sum + r.op.amount, 0);
        const owns = named?.op.user === op.user;
        return {
            RS_ERROR_NOT_ENOUGH_MONEY: op.kind === 'bet' && poor,
            insufficient_funds: isDebit && poor,
            RS_ERROR_DUPLICATE_TRANSACTION: op.kind === 'bet' && (this.#isShared(op) || this.#isUndone(op)),
            RS_ERROR_TRANSACTION_DOES_NOT_EXIST: op.kind === 'win' && isGone,
            // A bet is won once in this dialect.
            RS_ERROR_UNKNOWN: op.kind === 'win' && this.#naming(op.names, 'win').length > 0,
            refund_exceeds_remaining: op.kind === 'refund' && refunded + op.amount > (named?.op.amount ?? 0),
            already_refunded: op.kind === 'refund' || this.#naming(op.names, 'order_refund').length > 0,
            spend_not_found: op.kind === 'refund' && !owns,
            order_not_found: op.kind === 'order_refund' && !owns,
            order_not_refundable: this.#naming(op.names, 'order_refund').length > 0,
        };
    }
    /** Another operation has the same id, and may have come first. */
    #isShared(op) {
        return this.#sent.some(({ op: other, attempts }) => {
            const same = numberOf(other) === numberOf(op) && other.kind === 'bet' && other !== op;
            return same && (answerOf(attempts) !== undefined || this.#isUndone(other));
        });
    }
    #read(op, attempt) {
        if (attempt.answer === undefined)
            return;
        const { balance, code } = attempt.answer;
        const could = this.#window(op.user, attempt);
        const isRight = balance !== undefined && could.includes(balance);
        this.#expect(isRight, `${nameOf(op)} saw ${balance ?? code}, not one of ${could.join()}`);
    }
    /** The balances that a player may have had between a question and its answer. */
    #window(user, { at, done = Infinity }) {
        const lines = this.#seen.lines.get(user) ?? [];
        let from = 0;
        let to = lines.length;
        for (const [place, line] of lines.entries()) {
            const span = this.#span(user, line);
            if (span.end < at)
                from = place;
            if (span.begin > done && place < to)
                to = place;
        }
        return lines.slice(from, to).map(({ balance }) => balance);
    }
    /**
     * The operation whose entry a line is. A bet without an answer that was rolled back is there too,
     * and never answered again.
     */
    #owner(user, { id, moved }) {
        return this.#sent.find(({ op, attempts }) => {
            if (op.user !== user)
                return false;
            const answer = answerOf(attempts);
            if (answer !== undefined)
                return answer.id === id;
            const isBet = op.kind === 'bet' && transactionIdOf(numberOf(op)) === id;
            return isBet && moved === -op.amount && this.#isUndone(op);
        });
    }
    /** When the operation of a line was first asked for, and first answered. */
    #span(user, line) {
        if (line.type === 'OPENING')
            return { begin: 0, end: 0 };
        const own = this.#owner(user, line);
        if (own === undefined)
            return { begin: this.#transferred(user, line), end: Infinity };
        return { begin: own.attempts[0]?.at ?? 0, end: answered(own)?.done ?? Infinity };
    }
    /** When the transfers that can have led to a line were first asked for. */
    #transferred(user, { counterparty, moved }) {
        const times = this.#sent
            .filter(({ op }) => op.kind === 'transfer' && op.amount === moved)
            .filter(({ op }) => op.user === user || (op.user === counterparty && op.to === user))
            .map(({ attempts }) => attempts[0]?.at ?? Infinity);
        return Math.min(...times);
    }
    /** What was answered before another was asked for stands before it. */
    #order(user, lines) {
        const spans = lines.map((line) => this.#span(user, line));
        let latest = -1;
        for (const [place, { begin, end }] of spans.entries()) {
            const id = lines[place]?.id;
            this.#expect(end > latest, `${user}: ${id} stands after what was asked for later`);
            latest = Math.max(latest, begin);
        }
    }
    /** What nobody asked for: openings, and both ends of transfers, each once. */
    #strangers() {
        const due = [...this.#seen.lines.keys()].map((user) => `OPENING ${user} ${this.#opening}`);
        for (const { op, attempts } of this.#sent) {
            if (op.kind !== 'transfer' || answerOf(attempts) === undefined)
                continue;
            const known = this.#seen.lines.has(op.to);
            due.push(known ? `TRANSFER_IN ${op.to} ${op.amount}` : `TRANSFER_RETURN ${op.user} ${op.amount}`);
        }
        const found = [];
        for (const [user, lines] of this.#seen.lines) {
            for (const line of lines) {
                if (this.#owner(user, line) === undefined)
                    found.push(`${line.type} ${user} ${line.moved}`);
            }
        }
        const [a, b] = [due.sort().join('; '), found.sort().join('; ')];
        this.#expect(a === b, `what nobody asked for: ${b}, not ${a}`);
    }
    #expect(holds, words) {
        if (!holds)
            this.faults.push(words);
    }
}
function nameOf({ index, kind, user }) {
    return `#${index} ${kind} of ${user}`;
}
/** The answer that accepted it. */
function answerOf(attempts) {
    return attempts.find(({ answer }) => answer?.ok)?.answer;
}
/** When it was accepted first. */
function answered({ attempts }) {
    const times = attempts.filter(({ answer }) => answer?.ok).map(({ done = 0 }) => done);
    return times.length === 0 ? undefined : { done: Math.min(...times) };
}
