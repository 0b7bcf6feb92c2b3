import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run the sources: `archway/sdk` resolves to src/sdk through the same condition that tsc uses.
  resolve: { conditions: ['archway-source'] },
  ssr: { resolve: { conditions: ['archway-source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'connectors/**/*.test.ts', 'providers/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
