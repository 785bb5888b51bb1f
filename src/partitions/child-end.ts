/** How a process ended that looked at files of a data directory: a damaged one may end it. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

const STDERR_CHARACTERS = 8192;

/** Keeps the end of what a process writes to stderr. */
export function endOf(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (more: Buffer) => {
    text = `${text}${more}`.slice(-STDERR_CHARACTERS);
  });
  return () => text;
}

/** What the system sends to who reads a mapped page that is not there or means nothing. */
const OF_DAMAGE: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT']);

/** Whether it ended over the bytes that it read: not by somebody's signal, nor for lack of memory. */
export function isOfDamage(end: ChildEnd): boolean {
  return OF_DAMAGE.has(end.signal) && !isMemory(end.stderr);
}

const MEMORY =
  /heap out of memory|allocation failed|cannot allocate|maximum size exceeded|bad_alloc/i;

/** Whether a text speaks of memory that there was not, in the words of V8, Node and the system. */
export function isMemory(text: string): boolean {
  return MEMORY.test(text);
}

export function howOf({ code, signal, stderr }: ChildEnd): string {
  if (isMemory(stderr)) return 'as memory ran out';
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
