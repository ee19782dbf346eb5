/** Makes one ready schema: its content, its seal and its row, in one transaction. A kill leaves nothing behind. */
import { randomUUID } from 'node:crypto'
import { countReady, insertReady } from '../../catalog/ready/ready-store.ts'
import { applyToNew } from '../../migrations/apply/new-schema.ts'
import { findCrossSchemaReferences } from '../../migrations/plan/cross-schema.ts'
import { assertLikeOthers } from '../../migrations/plan/like-others.ts'
import { findMissingExtensions } from '../../migrations/plan/missing-extensions.ts'
import { identifier } from '../../names/identifier.ts'
import { readySchema } from '../../names/ready-schema.ts'
import type { Transaction } from '../../ports/database.ts'
import { createSchemaSql, transactionLockSql } from '../../sql/schema-sql.ts'
import { CutFailed, cutInto, type Cut } from '../templates/cut.ts'
import { NotReady, type KindFiles } from './files-of.ts'
import { makeSeal } from './seal.ts'
import { sealReader } from './seal-sql.ts'
import { standInOf } from '../templates/stand-in.ts'
import type { WarmParts } from './warm-parts.ts'
import { hasOwnPaths, lookAt, makeWitness, whyNotLike, type Witness } from './witness.ts'

/** `enough`: the kind has as many as it should have. `busy`: another process is making one. */
export type Made = 'made' | 'enough' | 'busy'

export interface ToMake {
  readonly files: KindFiles
  /** So many should be ready. */
  readonly size: number
  /** Whether to wait for another process that makes one. */
  readonly waits: boolean
  /** Those of this process, by the digests of histories. */
  readonly witnesses: Map<string, Witness>
}

/** @throws NotReady for a kind that can have none */
export async function makeOne(parts: WarmParts, wanted: ToMake): Promise<Made> {
  const { kind, digest } = wanted.files
  const cut = await parts.templates.cutFor(kind, digest, undefined)
  try {
    return await makeFrom(parts, wanted, cut)
  } catch (error) {
    if (!(error instanceof CutFailed)) throw error
    parts.templates.warnOf(error.template, error.message)
    return makeFrom(parts, wanted, undefined)
  }
}

function makeFrom(parts: WarmParts, { files, size, waits, witnesses }: ToMake, cut: Cut | undefined): Promise<Made> {
  const { kind, digest, migrations } = files
  return parts.catalog.deploy.transaction(async (transaction) => {
    if (!(await lockKind(transaction, kind, waits))) return 'busy'
    const { all, fit } = await countReady(transaction, kind, { digest, reader: sealReader })
    // Schemas with another history wait for the next run; so many of both are enough.
    if (fit >= size || all >= 2 * size) return 'enough'
    const id = randomUUID()
    const schema = readySchema(id)
    await transaction.query(createSchemaSql(schema))
    // Default privileges of the database may have given it to others.
    await transaction.query({ text: `revoke all on schema ${identifier(schema)} from public` })
    await assertLikeOthers(transaction, { ...files, schema }, parts.options.migrations.outOfOrder)
    if (cut === undefined) await applyChecked(parts, transaction, files, { id, schema })
    else await cutInto(parts, transaction, cut, schema, migrations)
    const found = await lookAt(transaction, schema)
    const key = JSON.stringify([kind, digest])
    const known = witnesses.get(key)
    // What is shared may have changed since.
    if (known === undefined || (await whyNotLike(parts, found, known)) !== undefined) {
      const witness = await makeWitness(parts, transaction, kind, migrations)
      const reason = await whyNotLike(parts, found, witness)
      if (reason !== undefined) throw new NotReady(reason)
      witnesses.set(key, witness)
    }
    const oid = await oidOf(transaction, schema)
    const seal = await makeSeal(transaction, { schema, oid, digest, hasOwnPaths: hasOwnPaths(found) })
    await insertReady(transaction, { id, kind, schema, seal })
    return 'made'
  })
}

async function applyChecked(
  { options, sources }: WarmParts,
  transaction: Transaction,
  { kind, migrations }: KindFiles,
  { id, schema }: { readonly id: string; readonly schema: string },
): Promise<void> {
  const planned = { schemas: [schema], direction: 'up', pending: migrations, migrations } as const
  const problem =
    (await findMissingExtensions(transaction, [planned], [], sources.shared.name)).get(schema) ??
    (await findCrossSchemaReferences(transaction, options, [planned])).get(schema)
  if (problem !== undefined) throw problem
  await applyToNew(transaction, { schema, tenant: standInOf(id, schema, kind) }, migrations)
}

/** One process at a time, so that several of them do not make too many. */
async function lockKind(transaction: Transaction, kind: string, waits: boolean): Promise<boolean> {
  const name = `partywall: make a ready schema of ${kind}`
  if (waits) {
    await transaction.query(transactionLockSql(name))
    return true
  }
  const { rows } = await transaction.query<{ held: boolean }>({
    text: 'select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1::text, 0)) as held',
    values: [name],
  })
  return rows[0]!.held
}

async function oidOf(transaction: Transaction, schema: string): Promise<string> {
  const { rows } = await transaction.query<{ oid: string }>({
    text: 'select namespace.oid::text as oid from pg_catalog.pg_namespace as namespace where namespace.nspname::text = $1::text',
    values: [schema],
  })
  return rows[0]!.oid
}
