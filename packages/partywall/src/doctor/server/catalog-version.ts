/** PW-104: the catalog is installed in the version that this partywall knows, and the schemas of the configuration exist. */
import type { Statement } from '../../sql/statement.ts'
import type { Context, Examination, Observation } from '../context/examination.ts'
import { installedSql, knownVersion as known } from '../context/facts.ts'
import { listOf, plural } from '../context/wording.ts'

export const catalogVersion: Examination = {
  id: 'PW-104',
  title: 'The catalog is missing, older or newer, or a schema of the configuration is missing',
  async run({ askDeploy, facts, options: { sharedSchema, extraSearchPath } }: Context) {
    const schemas = [sharedSchema, ...extraSearchPath]
    const missing = (await askDeploy<{ schema: string }>(missingSchemasSql(schemas))).map(({ schema }) => schema)
    return [...(await ofCatalog(askDeploy, facts.hasCatalog)), ...ofSchemas(missing)]
  },
}

async function ofCatalog(ask: Context['askDeploy'], hasCatalog: boolean): Promise<Observation[]> {
  const install = 'Run: npx partywall migrate'
  if (!hasCatalog) return [{ severity: 'error', seen: 'The catalog (the schema partywall) is not installed.', fix: install }]
  const [row] = await ask<{ installed: number | null }>(installedSql)
  // Null: the catalog has the table, and no version in it.
  const installed = row!.installed ?? 0
  if (installed < known) {
    const seen = `The catalog has version ${installed}, and this partywall needs ${known}: queries of the catalog are refused until it is upgraded.`
    return [{ severity: 'error', seen, fix: `${install} (as the role that owns the schema partywall)` }]
  }
  if (installed === known) return []
  const seen = `The catalog has version ${installed}, and this partywall knows ${known}: a newer partywall has upgraded it.`
  return [{ severity: 'error', seen, fix: 'Deploy the newer version of partywall here, too.' }]
}

function ofSchemas(missing: readonly string[]): Observation[] {
  if (missing.length === 0) return []
  return [
    {
      severity: 'error',
      seen: `The configuration names ${plural(missing.length, 'schema')} that the database does not have: ${listOf(missing)}.`,
      fix: 'Create the schema, or correct the options "sharedSchema" and "extraSearchPath".',
    },
  ]
}

function missingSchemasSql(schemas: readonly string[]): Statement {
  return {
    text: `
      select named.schema
      from unnest($1::text[]) as named (schema)
      where not exists (select from pg_catalog.pg_namespace as namespace where namespace.nspname = named.schema::name)`,
    values: [schemas],
  }
}
