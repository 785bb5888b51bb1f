import { type Look, look } from './look.js';
import { loadParts } from './parts.js';
import { type Reference, readReference } from './reference.js';
import { type Serve, serve } from './serve.js';

/** What a judge is asked; it is a process of its own, which a damaged file may end. */
export type Question =
  | ({ readonly kind: 'look' } & Look)
  | ({ readonly kind: 'serve' } & Serve)
  | { readonly kind: 'reference'; readonly data: string };

/** No fault: the directory is good. */
export interface Verdict {
  readonly fault?: string;
  readonly reference?: Reference;
  /** Warnings of a start that it has set a checkpoint aside. */
  readonly warnings: number;
}

const parts = await loadParts(process.argv[2] ?? '');
let warnings = 0;
process.on('warning', ({ message }) => {
  // What a cut first start left is set aside as well, and nobody was answered from it.
  if (message.includes('the checkpoint')) warnings += 1;
});

async function judge(question: Question): Promise<Verdict> {
  warnings = 0;
  if (question.kind === 'reference') {
    const reference = await readReference(parts, question.data).catch(String);
    return typeof reference === 'string' ? { warnings, fault: reference } : { warnings, reference };
  }
  const asked = question.kind === 'look' ? look(parts, question) : serve(parts, question);
  const fault = await asked.catch((error: unknown) => `refused: ${String(error)}`);
  return fault === undefined ? { warnings } : { warnings, fault };
}

process.on('message', (question: Question) => {
  void judge(question).then((verdict) => process.send?.(verdict));
});
process.once('disconnect', () => process.exit());
