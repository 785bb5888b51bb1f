import { readFileSync } from 'node:fs';

interface Package {
  readonly version: string;
}

const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');

/** The version of this package. */
export const version: string = (JSON.parse(text) as Package).version;
