import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Json } from './exchange.js';

type Node = { readonly [name: string]: Json };

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

  /** Throws unless the document says that this may be answered. */
  expectDocumented(
    method: string,
    url: string,
    status: number,
    headers: Headers,
    body: Json,
  ): void {
    const fault = this.faultOf(method, url, status, headers.get('content-type') ?? '', body);
    if (fault !== undefined) throw new Error(fault);
  }

  /** In what an answer is not as the document says; undefined when it is. */
  faultOf(
    method: string,
    url: string,
    status: number,
    contentType: string,
    body: Json,
  ): string | undefined {
    const path = this.#paths.find(([pattern]) => pattern.test(url))?.[1];
    // There is nothing at other addresses: only problems may come from them.
    if (path === undefined) return status >= 400 ? undefined : `${status} from no known address`;
    const where = `${method} ${path} ${status}: ${JSON.stringify(body).slice(0, 400)}`;
    const pointer = ['paths', path, method.toLowerCase(), 'responses', `${status}`, 'content'];
    const content = pointer.reduce<Json | undefined>(
      (node, name) => (node as Node)?.[name],
      this.document,
    );
    const type = contentType.split(';')[0] ?? '';
    const described = (content as Node | undefined)?.[type] as Node | undefined;
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
