import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // The built package is loaded by Node, as users load it; Vite would compile all of it again for each copy.
    server: { deps: { external: [/\/dist\//] } },
    // Many tests wait for a disk or a clock: three keep two cores busy.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
