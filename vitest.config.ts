import { defineConfig } from 'vitest/config';
import { nodeOptions } from './test/support/node-options.js';

export default defineConfig({
  // Tests run the sources: `archway/sdk` resolves to src/sdk through the same condition that tsc uses.
  resolve: { conditions: ['archway-source'] },
  ssr: { resolve: { conditions: ['archway-source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'connectors/**/*.test.ts', 'providers/**/*.test.ts', 'test/**/*.test.ts'],
    execArgv: nodeOptions,
    globalSetup: ['test/support/build.ts'],
    // Machines are noisy, and no test asserts a time: this only ends what would hang.
    testTimeout: 150_000,
    hookTimeout: 150_000,
  },
});
