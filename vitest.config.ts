import { defineConfig } from 'vitest/config'

/** `import 'partywall'` means its sources: tests need no build. */
const conditions = ['@partywall/source']
const support = new URL('packages/partywall/test/support/', import.meta.url).pathname

export default defineConfig({
  resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] },
  ssr: {
    resolve: {
      conditions: [...conditions, 'module', 'node', 'development|production'],
      externalConditions: [...conditions, 'node', 'module-sync'],
    },
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'packages/*/src/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    globalSetup: [`${support}global-setup.ts`],
    setupFiles: [`${support}each-file.ts`],
    pool: 'forks',
    // The server and its backends want a share of the machine, too.
    maxWorkers: 2,
    // What Node itself resolves (packages outside of Vite's sight, and child processes that pass on process.execArgv).
    execArgv: conditions.map((condition) => `--conditions=${condition}`),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 30_000,
  },
})
