import { type OpenApi, openApiOf } from '../support/openapi.js';
import { type Operation, operationsOf, requestsOf } from './operations.js';
import { type Answer, type HttpRequest, MSGPACK, shownRequest } from './request.js';
import { type Plan, search, type Tried, together } from './search.js';
import type { World } from './world.js';

/** Operations that hash a password each time, which is slow with intent. */
export const slow: readonly string[] = ['signup', 'login', 'signin'];

/** What would stop most players; it comes last. */
const stopping = ['setStatus', 'setLimits'];

/** Requests of every operation, valid and broken; `runs` of each. */
export async function structure(world: World, plan: Plan): Promise<Tried> {
  const api = await openApiOf(world.url);
  const operations = operationsOf(api).sort((one, other) => {
    return Number(stopping.includes(one.id)) - Number(stopping.includes(other.id));
  });
  return await together(
    // A seed of its own for each: else all would choose the same keys.
    operations.map((operation, index) => () => {
      return ofOperation(api, operation, world, { ...plan, seed: plan.seed * 100 + index });
    }),
  );
}

function ofOperation(
  api: OpenApi,
  operation: Operation,
  world: World,
  { seed, runs }: Plan,
): Promise<Tried> {
  const { id } = operation;
  const plan = { seed, runs: slow.includes(id) ? Math.ceil(runs / 4) : runs };
  const faultOf = (asked: HttpRequest) => faultOfAnswer(api, world, asked);
  return search(`structure of ${id}`, requestsOf(operation, world), plan, faultOf, shownRequest);
}

/** In what the answer to a request is not one of those that the document promises. */
export async function faultOfAnswer(
  api: OpenApi,
  world: World,
  asked: HttpRequest,
): Promise<string | undefined> {
  try {
    const { status, type, body }: Answer = await world.send(asked);
    if (status >= 500) return `${status}: ${JSON.stringify(body).slice(0, 300)}`;
    const [path = ''] = asked.path.split('?');
    return api.faultOf(
      asked.method,
      path,
      status,
      type === MSGPACK ? 'application/json' : type,
      body,
    );
  } catch (error) {
    return `no answer that can be read: ${String(error)}`;
  }
}
