/**
 * A digest of a history: of the names and checksums in the order in which the migrations were applied. It is the comment of the history's
 * table, so one query of PostgreSQL's catalog gives the state of every schema, and the digest travels with a dump, a rename or a clone.
 */
import { createHash } from 'node:crypto'

export interface AppliedMigration {
  readonly name: string
  readonly checksum: string
}

/** The version of this algorithm. */
const version = 'partywall 1'

/** The digest of an empty history. */
const emptyDigest = label(0, '')

/** Work on a fleet computes the same few digests once or twice per schema: each migration remembers its last one. */
const remembered = new WeakMap<AppliedMigration, { readonly before: string; readonly after: string }>()

/** The digest of a history with one more migration. Each is computed from the one before it, so all digests of a long list cost one pass. */
function digestAfter(before: string, migration: AppliedMigration): string {
  const known = remembered.get(migration)
  if (known?.before === before) return known.after
  const { name, checksum } = migration
  const [count, chain] = parse(before)
  const after = label(count + 1, createHash('sha256').update(`${chain}\n${name}\n${checksum}`).digest('hex'))
  remembered.set(migration, { before, after })
  return after
}

export function digestOf(applied: readonly AppliedMigration[]): string {
  return applied.reduce(digestAfter, emptyDigest)
}

/** The digests of a list after none, one, two, … of its migrations. */
export function digestsOf(migrations: readonly AppliedMigration[]): readonly string[] {
  const digests = [emptyDigest]
  for (const migration of migrations) digests.push(digestAfter(digests.at(-1)!, migration))
  return digests
}

function label(count: number, chain: string): string {
  return `${version}: ${count} applied ${chain}`.trimEnd()
}

function parse(digest: string): [count: number, chain: string] {
  const [, count = '', chain = ''] = /: (\d+) applied ?([0-9a-f]*)$/.exec(digest) ?? []
  return [Number(count), chain]
}
