/** Which migration a caller means by `to`. */
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Migration } from '../../ports/migration-source.ts'
import type { MigrationLists } from './source-reader.ts'

/**
 * The full name of the migration that `to` means. Migrations of two sources cannot be compared, so there may be only one source.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function resolveTo(lists: MigrationLists, to: string): string {
  const [only, second] = [...lists]
  if (only === undefined) return to
  if (second === undefined) return findMigration(only[1], to, only[0].name).name
  const sources = [...lists.keys()].map(({ name }) => name)
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"to" names a migration of one folder, but this run has ${lists.size} of them: ${sources.join(', ')}. Choose the shared schema alone, or tenants of ` +
      'one kind.',
    { details: { option: 'to', sources } },
  )
}

/**
 * The migration that a caller means by `to`: its name, its file, or its number, with or without leading zeros.
 * @throws TenancyError INVALID_ARGUMENT
 */
export function findMigration(migrations: readonly Migration[], to: string, sourceName: string): Migration {
  const bare = to.replace(/\.(?:sql|m?[tj]s)$/, '')
  // The names of some tools have such an ending themselves.
  const exact = migrations.find(({ name }) => name === to || name === bare)
  if (exact !== undefined) return exact
  const number = leadingNumber(bare)
  const numbered = number === bare.replace(/^0+(?=\d)/, '') ? migrations.filter(({ name }) => leadingNumber(name) === number) : []
  const [first, second] = numbered
  if (first !== undefined && second === undefined) return first
  if (first !== undefined && second !== undefined) {
    throw noSuchMigration(
      `${first.name} and ${second.name} in ${sourceName} both have the number ${shown(to)}. Give the whole name.`,
    )
  }
  const suggestion = nearest(
    bare.slice(0, 100),
    migrations.map(({ name }) => name),
  )
  const advice =
    suggestion !== undefined
      ? `Did you mean ${suggestion}?`
      : `Give the name of one of the ${migrations.length} migrations there${firstAndLast(migrations)}.`
  throw noSuchMigration(`There is no migration ${shown(to)} in ${sourceName}. ${advice}`, suggestion)
}

/** Without its zeros, so that 2 means 0002; as text, because a time has more digits than a number of JavaScript keeps. */
function leadingNumber(name: string): string | undefined {
  return /^0*(\d+)/.exec(name)?.[1]
}

function firstAndLast(migrations: readonly Migration[]): string {
  return migrations.length < 2 ? '' : `, from ${migrations[0]!.name} to ${migrations.at(-1)!.name}`
}

function shown(to: string): string {
  return JSON.stringify(to.slice(0, 100))
}

function noSuchMigration(message: string, suggestion?: string): TenancyError {
  return new TenancyError('INVALID_ARGUMENT', message, { details: { option: 'to', nearest: suggestion } })
}
