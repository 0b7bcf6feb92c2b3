import { join, sep } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { nodeOptions } from './test/support/node-options.js';

const spanning = join(import.meta.dirname, 'test') + sep;

/** Whole gateways take longest: they come first, so that at the end no processor waits for one long file. */
class SpanningFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSpanning = ({ moduleId }: TestSpecification) => moduleId.startsWith(spanning);
    return [...sorted.filter(isSpanning), ...sorted.filter((file) => !isSpanning(file))];
  }
}

export default defineConfig({
  // Tests run the sources: `archway/sdk` resolves to src/sdk through the same condition that tsc uses.
  resolve: { conditions: ['archway-source'] },
  ssr: { resolve: { conditions: ['archway-source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'connectors/**/*.test.ts', 'providers/**/*.test.ts', 'test/**/*.test.ts'],
    execArgv: nodeOptions,
    globalSetup: ['test/support/build.ts'],
    sequence: { sequencer: SpanningFirst },
    // Machines are noisy, and no test asserts a time: this only ends what would hang.
    testTimeout: 150_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
