/** Extensions that were left out of the migrations of a tenant, and whether the database has them. */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'

export interface LeftOutExtension {
  readonly extension: string
  /** The migration that creates it. */
  readonly name: string
  readonly file: string
  /** Unknown for a migration in code. */
  readonly line?: number
}

/** Those of these extensions that the database has. */
export async function extensionsOfDatabase(queryable: Queryable, names: readonly string[]): Promise<string[]> {
  const { rows } = await queryable.query<{ name: string }>(extensionsSql(names))
  return rows.map(({ name }) => name)
}

export function missingExtension({ extension, name, file, line }: LeftOutExtension, sharedSource: string): TenancyError {
  const place = line === undefined ? file : `${file}, line ${line},`
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${place} creates the extension ${extension}, which is left out because its source has { extensions: 'shared' }; but the database ` +
      `does not have it. Apply the shared migrations first (npx partywall migrate --shared). If none of them creates it, write one in ` +
      `${sharedSource}: create extension if not exists ${JSON.stringify(extension)}.`,
    { details: { name, file, ...(line !== undefined && { line }) } },
  )
}

function extensionsSql(names: readonly string[]): { text: string; values: unknown[] } {
  return {
    text: 'select extname::text as name from pg_catalog.pg_extension where extname = any ($1::pg_catalog.name[])',
    values: [[...names]],
  }
}
