/**
 * One reading at a time, however many ask for it: who asks during one shares the next, which sees
 * all that was answered before it was asked for.
 */
export class Shared<T> {
  readonly #read: () => Promise<T>;
  #underWay: { readonly result: Promise<T>; next?: Promise<T> } | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  get(): Promise<T> {
    const underWay = this.#underWay;
    if (underWay === undefined) return this.#begin();
    const begin = (): Promise<T> => this.#begin();
    underWay.next ??= underWay.result.then(begin, begin);
    return underWay.next;
  }

  /** Resolves when what was asked for has ended. */
  async ended(): Promise<void> {
    const { result, next } = this.#underWay ?? {};
    await Promise.allSettled([result, next]);
  }

  #begin(): Promise<T> {
    const result = this.#read().finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = { result };
    return result;
  }
}
