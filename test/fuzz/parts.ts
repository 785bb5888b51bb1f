import { join } from 'node:path';
import { bytes } from './bytes.js';
import { msgpack } from './msgpack.js';
import type { Plan, Tried } from './search.js';
import { endAndVerify, start } from './server.js';
import { silence } from './silence.js';
import { stored } from './stored.js';
import { structure } from './structure.js';
import { World } from './world.js';

/** One kind of inputs: in a directory of its own, with whatever it needs started and ended. */
export interface Part {
  /** Inputs of each search in a round of the program. */
  readonly runs: number;
  run(scratch: string, plan: Plan): Promise<Tried>;
}

/** The parts by their names. */
export const parts: Readonly<Record<string, Part>> = {
  structure: { runs: 150, run: overHttp(structure) },
  msgpack: { runs: 150, run: overHttp(msgpack) },
  stored: { runs: 40, run: stored },
  bytes: { runs: 3_000, run: overHttp(bytes) },
};

/** It waits for the server's own time limits, more than a minute: once, beside the others. */
export const slowPart: Part = { runs: 1, run: overHttp(silence) };

/** Tries a part on a server, which at the end stops as it should and leaves a sound ledger. */
function overHttp(part: (world: World, plan: Plan) => Promise<Tried>): Part['run'] {
  return async (scratch, plan) => {
    const served = await start(join(scratch, 'data'));
    const world = new World(served.url);
    let tried: Tried = { inputs: 0, faults: [] };
    let ended: string[] = [];
    try {
      await world.fill();
      tried = await part(world, plan);
    } finally {
      ended = await endAndVerify(served);
    }
    const after = ended.map((fault) => `seed ${plan.seed}, at the end: ${fault}`);
    return { inputs: tried.inputs, faults: [...tried.faults, ...after] };
  };
}
