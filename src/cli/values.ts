import { isIP } from 'node:net';
import { isCurrencyCode } from '../engine/options.js';

/** Readers of option values; each throws an Error that says what the value must be. */

export function filled(text: string): string {
  if (text.trim() === '') throw new Error('must not be empty');
  return text;
}

export function integer(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= lowest && value <= highest) return value;
    throw new Error(`must be a whole number from ${lowest} to ${highest}, not "${text}"`);
  };
}

export function oneOf<const Choices extends readonly string[]>(choices: Choices) {
  return (text: string): Choices[number] => {
    const chosen = choices.find((choice) => choice === text);
    if (chosen !== undefined) return chosen;
    throw new Error(`must be one of ${choices.join(', ')}, not "${text}"`);
  };
}

export function currencyCode(text: string): string {
  if (isCurrencyCode(text)) return text;
  throw new Error(`must be 3 to 8 letters or digits, not "${text}"`);
}

const instantForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** A time of RFC 3339, or a date: its first moment in UTC. */
export function instant(text: string): Date {
  const time = new Date(instantForm.test(text) && isDay(text.slice(0, 10)) ? text : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new Error(`must be a time such as 2025-01-31 or 2025-01-31T12:00:00Z, not "${text}"`);
}

/** JavaScript takes 31 February for 3 March. */
function isDay(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Origins of web pages, separated by commas. */
export function originList(text: string): readonly string[] {
  return text.split(',').map((item) => {
    const url = URL.canParse(item.trim()) ? new URL(item.trim()) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol)) return url.origin;
    throw new Error(`must be origins such as https://shop.example, not "${item.trim()}"`);
  });
}

const proxyRanges = ['loopback', 'linklocal', 'uniquelocal'];

/** Addresses, ranges such as 10.0.0.0/8, and names of well-known ranges, separated by commas. */
export function addressList(text: string): readonly string[] {
  return text.split(',').map((item) => {
    const range = item.trim();
    if (proxyRanges.includes(range) || isRange(range)) return range;
    const names = proxyRanges.join(', ');
    throw new Error(`must be addresses, ranges such as 10.0.0.0/8, or ${names}, not "${range}"`);
  });
}

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return false;
  if (bits === undefined) return true;
  return (
    /^[0-9]{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= (version === 4 ? 32 : 128)
  );
}
