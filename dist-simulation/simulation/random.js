/** Numbers from a seed: the same for the same seed. */
export class Random {
    #state;
    constructor(seed) {
        this.#state = (seed ^ 0x9e3779b9) >>> 0;
    }
    /** From 0 to below 1. */
    next() {
        this.#state = (this.#state + 0x6d2b79f5) >>> 0;
        let x = this.#state;
        x = Math.imul(x ^ (x >>> 15), x | 1);
        x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
        return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
    }
    /** A whole number from 0 to below `n`. */
    below(n) {
        return Math.floor(this.next() * n);
    }
    between(low, high) {
        return low + this.next() * (high - low);
    }
    chance(p) {
        return this.next() < p;
    }
    pick(list) {
        return list[this.below(list.length)];
    }
}
