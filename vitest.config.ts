import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest would leave one core idle, which is half of a small machine.
    maxWorkers: '100%',
    globalSetup: ['test/helpers/build.ts'],
    reporters: ['default', './test/helpers/count-reporter.ts'],
  },
});
