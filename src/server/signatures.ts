import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Inspect } from './formats.js';

/** The `X-Hub88-Signature` of a body is missing or does not fit. */
export class InvalidSignature extends Error {}

/** Throws InvalidSignature unless the key signed these very bytes: RSA-SHA256, PKCS#1 v1.5, base64. */
export function signedBy(key: KeyObject): Inspect {
  return (bytes, request) => {
    const signature = request.headers['x-hub88-signature'];
    if (typeof signature !== 'string' || !fits(key, bytes, signature)) {
      throw new InvalidSignature('the signature does not fit the body');
    }
  };
}

function fits(key: KeyObject, bytes: Buffer, signature: string): boolean {
  return verify('RSA-SHA256', bytes, key, Buffer.from(signature, 'base64'));
}

/** Reads an RSA public key: PEM text, base64 of it, or the path of a file that holds either. */
export function readPublicKey(text: string): KeyObject {
  const source = existsSync(text) ? readFileSync(text, 'utf8') : text;
  const pem = source.includes('-----BEGIN') ? source : Buffer.from(source, 'base64').toString();
  try {
    // An environment file holds a PEM on one line, with its line ends escaped.
    const key = createPublicKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch (cause) {
    throw new Error('is no public key in PEM, nor the path of one', { cause });
  }
  throw new Error('must be an RSA key');
}
