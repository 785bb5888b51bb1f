import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Json, Reply } from './exchange.js';

type Node = { readonly [name: string]: Json };

/** Headers that every answer may have. */
const ofHttp = /^(connection|content-(type|length)|date|keep-alive|transfer-encoding|vary)$/;

/** An OpenAPI document, as answers are compared with it. */
export class OpenApi {
  readonly document: Node;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #paths: readonly (readonly [pattern: RegExp, path: string])[];

  constructor(document: Node) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema(document, 'openapi');
    // What has no parameters comes first: `/v1/players/me` is no path of its own.
    this.#paths = Object.keys(document['paths'] as Node)
      .sort((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => [new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`), path] as const);
  }

  /** Throws unless the document says that this may be answered, with these headers. */
  expectDocumented(method: string, url: string, { status, headers, body }: Reply): void {
    const fault =
      this.faultOf(method, url, status, headers['content-type'] ?? '', body) ??
      this.#headerFaultOf(method, url, status, headers);
    if (fault !== undefined) throw new Error(fault);
  }

  #headerFaultOf(
    method: string,
    url: string,
    status: number,
    headers: Reply['headers'],
  ): string | undefined {
    const path = this.#pathOf(url);
    if (path === undefined) return undefined;
    const pointer = ['paths', path, method.toLowerCase(), 'responses', `${status}`, 'headers'];
    const described = Object.entries((this.#find(pointer) ?? {}) as Record<string, Node>);
    const told = described.map(([name]) => name.toLowerCase());
    const sent = Object.keys(headers).filter((name) => !ofHttp.test(name));
    const secret = sent.find((name) => !told.includes(name));
    if (secret !== undefined) return `not documented: ${secret} of ${method} ${path} ${status}`;
    const missing = described.find(([name, { required }]) => {
      return required === true && !(name.toLowerCase() in headers);
    });
    return missing && `documented and not sent: ${missing[0]} of ${method} ${path} ${status}`;
  }

  #pathOf(url: string): string | undefined {
    return this.#paths.find(([pattern]) => pattern.test(url))?.[1];
  }

  #find(pointer: readonly string[]): Json | undefined {
    return pointer.reduce<Json | undefined>((node, name) => (node as Node)?.[name], this.document);
  }

  /** In what an answer is not as the document says; undefined when it is. */
  faultOf(
    method: string,
    url: string,
    status: number,
    contentType: string,
    body: Json,
  ): string | undefined {
    const path = this.#pathOf(url);
    // There is nothing at other addresses: only problems may come from them.
    if (path === undefined) return status >= 400 ? undefined : `${status} from no known address`;
    const where = `${method} ${path} ${status}: ${JSON.stringify(body).slice(0, 400)}`;
    const pointer = ['paths', path, method.toLowerCase(), 'responses', `${status}`, 'content'];
    const type = contentType.split(';')[0] ?? '';
    const described = this.#find([...pointer, type]) as Node | undefined;
    if (described === undefined) return `not documented as ${type}: ${where}`;
    const validate = this.#validatorOf([...pointer, type, 'schema']);
    if (!validate(body)) return `${this.#ajv.errorsText(validate.errors)}: ${where}`;
    if (status < 400 || type !== 'application/problem+json') return undefined;
    const code = String((body as Node | null)?.['code']);
    return code in (described['examples'] as Node) ? undefined : `no example of ${code}: ${where}`;
  }

  #validatorOf(names: readonly string[]): ValidateFunction {
    const place = names.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'));
    const $ref = `openapi#/${place.map(encodeURIComponent).join('/')}`;
    const validator = this.#validators.get($ref) ?? this.#ajv.compile({ $ref });
    this.#validators.set($ref, validator);
    return validator;
  }
}

/** The document that a server serves. */
export async function openApiOf(url: string): Promise<OpenApi> {
  return new OpenApi((await (await fetch(`${url}/openapi.json`)).json()) as Node);
}
