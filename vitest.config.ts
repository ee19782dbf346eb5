import { configDefaults, defineConfig } from 'vitest/config'
import { closingLine } from './packages/partywall/test/support/run/closing-line.ts'
import { hasPgBouncer } from './packages/partywall/test/support/servers/pgbouncer.ts'
import { hasChromium } from './packages/ui/browser/chromium.ts'

/** `import 'partywall'` resolves to its sources, so tests need no build. */
const conditions = ['@partywall/source']
const support = new URL('packages/partywall/test/support/', import.meta.url).pathname

// Not `module`, which Vite adds for bundles: what it names may be files that Node.js cannot load.
const resolve = { conditions: [...conditions, 'node', 'module-sync', 'development|production'] }
const common = {
  resolve,
  // Without 'module': vitest hands these to Node.js, which would then load files that are for bundlers, such as those of the AWS SDK.
  ssr: {
    resolve: {
      conditions: resolve.conditions.filter((condition) => condition !== 'module'),
      externalConditions: [...conditions, 'node', 'module-sync'],
    },
  },
}

const eachProject = {
  setupFiles: [`${support}run/each-file.ts`],
  pool: 'forks' as const,
  // More than the two processors of a small machine: many tests wait for a server, a process or a timer.
  maxWorkers: 3,
  // For what Node.js itself resolves: packages that Vite does not transform, and child processes started with process.execArgv.
  execArgv: conditions.map((condition) => `--conditions=${condition}`),
  // A busy machine takes its time; what is expected within a time says so itself.
  testTimeout: 90_000,
  hookTimeout: 90_000,
  teardownTimeout: 30_000,
}

/**
 * The tests of pure code, which are beside it. They leave nothing behind in their process, so the files of a worker share one: a process for
 * each file took half of their time.
 */
const unit = {
  ...common,
  test: {
    ...eachProject,
    name: 'unit',
    include: ['packages/*/src/**/*.test.ts'],
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    provide: { partywallRoute: 'direct' as const, partywallBoundary: 'path' as const },
  },
}

/** Rooms whose tests change nothing that a process has once. A process for each of their files took a sixth of the time of all tests. */
const sharing =
  'packages/*/test/{blueprint,boundary,catalog,check,cli,doctor,fleet,lifecycle,migrations,package,settings,tenancy}/**'
/** With `--project direct` they run there, so that the name stands for all tests on that route. */
const isSplit = !process.argv.some((word) => word === 'direct' || word === '--project=direct')

/** All other tests, connected directly to the server. */
const direct = {
  ...common,
  test: {
    ...eachProject,
    name: 'direct',
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'packages/*/test/pooler/**', ...(isSplit ? [sharing] : [])],
    provide: { partywallRoute: 'direct' as const, partywallBoundary: 'path' as const },
  },
}

/** The files of a worker share its process. */
const sharedProcess = {
  ...common,
  test: {
    ...eachProject,
    name: 'shared-process',
    include: [`${sharing}/*.test.ts`],
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    provide: { partywallRoute: 'direct' as const, partywallBoundary: 'path' as const },
  },
}

/** The tests that query for tenants once more, through PgBouncer in transaction mode with one server connection. */
const pgbouncer = {
  ...common,
  test: {
    ...eachProject,
    name: 'pgbouncer',
    include: hasPgBouncer() ? ['packages/*/test/{isolation,orm,faults,pooler}/*.test.ts'] : ['packages/*/test/pooler/absent.ts'],
    provide: { partywallRoute: 'pgbouncer' as const, partywallBoundary: 'path' as const },
  },
}

/** The tests that query for tenants a third time, with a role for each tenant and a login that has no rights; on both routes. */
const byRole = (route: 'direct' | 'pgbouncer') => ({
  ...common,
  test: {
    ...eachProject,
    name: route === 'direct' ? 'role' : 'role-pgbouncer',
    include: ['packages/*/test/{isolation,orm,contract}/*.test.ts'],
    provide: { partywallRoute: route, partywallBoundary: 'role' as const },
  },
})

/** Pages in Debian's Chromium, each against a server of its own. */
const browser = {
  ...common,
  test: {
    ...eachProject,
    name: 'browser',
    include: ['packages/*/browser/**/*.test.ts', 'examples/*/browser/**/*.test.ts'],
    // Chromium has processes of its own.
    maxWorkers: 2,
    provide: { partywallRoute: 'direct' as const, partywallBoundary: 'path' as const },
  },
}
const browserToo = process.env['PARTYWALL_TEST_BROWSER'] === undefined || !hasChromium() ? [] : [browser]
const rolesToo =
  process.env['PARTYWALL_TEST_ROLES'] === undefined ? [] : [byRole('direct'), ...(hasPgBouncer() ? [byRole('pgbouncer')] : [])]

export default defineConfig({
  ...common,
  test: {
    globalSetup: [`${support}run/global-setup.ts`],
    maxWorkers: 3,
    reporters: ['default', closingLine],
    projects: [direct, ...(isSplit ? [sharedProcess] : []), unit, pgbouncer, ...rolesToo, ...browserToo],
  },
})
