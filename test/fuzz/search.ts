import * as fc from 'fast-check';

/** How a search goes: the same seed and number of inputs give the same inputs. */
export interface Plan {
  readonly seed: number;
  readonly runs: number;
}

/** What a part tried, and what it found; each fault with its seed and its shrunken input. */
export interface Tried {
  readonly inputs: number;
  readonly faults: readonly string[];
}

const SEARCH_MS = 120_000;

/** Tries inputs until one of them is answered with a fault; that one is shrunken, and told. */
export async function search<T>(
  what: string,
  inputs: fc.Arbitrary<T>,
  { seed, runs: numRuns }: Plan,
  faultOf: (input: T) => Promise<string | undefined>,
  describe: (input: T) => string,
): Promise<Tried> {
  let tried = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    tried += 1;
    const fault = await faultOf(input);
    if (fault !== undefined) throw new Error(fault);
  });
  const options = { seed, numRuns, interruptAfterTimeLimit: SEARCH_MS };
  const { failed, counterexample, errorInstance } = await fc.check(property, options);
  if (!failed) return { inputs: tried, faults: [] };
  const input = counterexample === null ? 'none' : describe(counterexample[0]);
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { inputs: tried, faults: [`${what}, seed ${seed}: ${said}\n  input: ${input}`] };
}

/** One after another, so that the same seed meets the same state. */
export async function together(parts: readonly (() => Promise<Tried>)[]): Promise<Tried> {
  let inputs = 0;
  const faults: string[] = [];
  for (const part of parts) {
    const tried = await part();
    inputs += tried.inputs;
    faults.push(...tried.faults);
  }
  return { inputs, faults };
}
