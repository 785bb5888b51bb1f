import type { Json } from './economy-case.js';

const PLAYERS = new Set(['p1', 'p2', 'p3', 'bob', 'player1', 'nobody']);
const ITEMS = new Set(['box', 'sword', 'potion', 'gift', 'pack']);

/** Names of a case of its own, so that cases can share a server. */
export class Names {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  player(name: string): string {
    return PLAYERS.has(name) ? `${this.#prefix}-${name}` : name;
  }

  item(name: string): string {
    return ITEMS.has(name) ? `${this.#prefix}-${name}` : name;
  }

  path(path: string): string {
    return path
      .replace(/^\/v1\/players\/([^/?]+)/, (_, name) => `/v1/players/${this.player(name)}`)
      .replace(/sku=([\w-]+)/, (_, name) => `sku=${this.item(name)}`);
  }

  /** A body with the case's own names in it, at any depth. */
  body(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.body(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, this.#member(name, member)]),
    );
  }

  #member(name: string, value: Json): Json {
    if (typeof value !== 'string') return this.body(value);
    if (name === 'username' || name === 'to') return this.player(value);
    if (name === 'sku' || name === 'item') return this.item(value);
    return name === 'event_id' || name === 'provider_ref' ? `${this.#prefix}-${value}` : value;
  }
}
