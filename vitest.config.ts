import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest files, which begin first: one that began last would be waited for alone. */
const LONGEST = [
  'economy-cases',
  'disk-faults',
  'ids',
  'wallet-cases',
  'partitions',
  'bounds',
  'cli',
  'verify',
  'economy',
  'fuzz',
  'backup',
  'powerloss',
  'overload',
  'crash',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // The built package is loaded by Node, as users load it; Vite would compile all of it again for each copy.
    server: { deps: { external: [/\/dist\//] } },
    // Many tests wait for a disk or a clock: three keep two cores busy.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
