/**
 * PW-011: migrations that reach beyond the schema that they run in. It is the review that every migration passes before it runs, here for all files, whether
 * they are applied or not: a new tenant gets all of them. What a migration in code sends is reviewed when it sends it.
 */
import type { PublicOptions } from '../config/options.ts'
import { tenancyErrorOf } from '../errors.ts'
import type { Observation } from '../findings.ts'
import type { MigrationSource } from '../ports/migration-source.ts'
import { review } from '../migrations/plan/reviews.ts'
import { migrationSources } from '../migrations/sources/sources.ts'
import { defineCheck } from './check.ts'

export const migrationsReach = defineCheck({
  id: 'PW-011',
  title: 'Migrations reach beyond their schema',
  needs: ['config'],
  run: ({ config }) => beyond(config.options),
})

async function beyond(options: PublicOptions): Promise<Observation[]> {
  const sources = migrationSources(options)
  const tenants = new Map([...sources.kinds.values()].map((source) => [source.name, source]))
  const found: Observation[] = []
  for (const [source, isShared] of [
    [sources.shared, true] as const,
    ...[...tenants.values()].map((one) => [one, false] as const),
  ]) {
    found.push(...(await reviewed(source, isShared)))
  }
  return found

  async function reviewed(source: MigrationSource, isShared: boolean): Promise<Observation[]> {
    try {
      const migrations = await source.list()
      const { problems } = await review({ options, sources }, source, migrations, isShared)
      const inCode = migrations.filter(({ up }) => up.kind === 'code').length
      return [
        ...problems.map(({ summary }) => ({ severity: 'error' as const, seen: summary, fix })),
        ...codeNotSeen(source, inCode),
      ]
    } catch (error) {
      // A source that cannot be read must not keep the others from being reviewed.
      const refusal = tenancyErrorOf(error)
      if (refusal === undefined) throw error
      return [
        { severity: 'error', seen: refusal.summary, fix: `Correct the source of migrations ${JSON.stringify(source.name)}.` },
      ]
    }
  }
}

function codeNotSeen({ name }: MigrationSource, inCode: number): Observation[] {
  if (inCode === 0) return []
  return [
    {
      severity: 'info',
      seen: `${inCode} of the migrations in ${JSON.stringify(name)} are code: what they send is not visible here`,
      fix: 'Nothing: it is reviewed when they run. npx partywall migrate try runs them in databases of its own.',
    },
  ]
}

const fix =
  'Change the migration as the message says. Where the file must stay as it is, docs/migrations.md has the options of its source.'
