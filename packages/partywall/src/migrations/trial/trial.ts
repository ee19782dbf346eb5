/**
 * A trial of the configured migrations: they run in databases of their own, once as their tool runs them and in four tenants, and what comes out
 * is compared. The configured database is not touched.
 */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { migrationSources, sourceOfKind } from '../sources/sources.ts'
import { trialOptionKeys, type TrialHost, type TrialOptions } from './trial-parts.ts'
import type { TrialOfKind, TrialReport } from './trial-report.ts'
import { TrialOfOneKind } from './trial-of-one-kind.ts'
import { withScratchDatabases } from './with-scratch-databases.ts'

/** @throws TenancyError NOT_PERMITTED, DATABASE_UNREACHABLE, INVALID_ARGUMENT, UNKNOWN_KIND, EMBEDDED_FAILED; not for what is in the report */
export async function tryMigrations(host: TrialHost, options: TrialOptions = {}): Promise<TrialReport> {
  assertOptions(options)
  const started = performance.now()
  const { signal } = options
  const sources = migrationSources(host.options)
  const kinds = options.kinds === undefined ? kindsWithMigrations(host) : [options.kinds].flat()
  for (const kind of kinds) sourceOfKind(sources, kind)
  return withScratchDatabases(host, options, undefined, async (databases) => {
    const reports: TrialOfKind[] = []
    for (const kind of kinds) {
      signal?.throwIfAborted()
      const report = await new TrialOfOneKind({ host, databases, sources, options }, kind).run()
      // The kind `default` is always there, also where the configuration has only others.
      if (report.migrations > 0 || kind !== 'default' || kinds.length === 1) reports.push(report)
    }
    const ok = reports.every(({ verdict }) => verdict === 'works')
    return Object.freeze({ ok, kinds: reports, leftBehind: databases.leftBehind, durationMs: performance.now() - started })
  })
}

/** `false` in the configuration says that a kind has no migrations. */
function kindsWithMigrations({ options: { migrations } }: TrialHost): string[] {
  return Object.entries(migrations.tenant).flatMap(([kind, source]) => (source === false ? [] : [kind]))
}

function assertOptions(options: TrialOptions): void {
  assertKnownKeys('migrations.try', options, trialOptionKeys)
  if (options.server === undefined || options.embedded !== true) return
  throw new TenancyError('INVALID_ARGUMENT', 'migrations.try takes "server" or "embedded", not both. Leave one of them out.', {
    details: { what: 'migrations.try', option: 'embedded' },
  })
}
