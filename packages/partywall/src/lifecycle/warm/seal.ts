/** Reads what a schema holds, so that a later look finds every change. */
import { createHash } from 'node:crypto'
import type { Seal } from '../../catalog/ready/ready-schema.ts'
import type { Queryable } from '../../sql/statement.ts'
import { contentsSql, sealReader, sealSql, type ToRead } from './seal-sql.ts'

/** What is known of the schema when it is sealed. */
export interface ToSeal {
  readonly schema: string
  readonly oid: string
  readonly digest: string
  readonly hasOwnPaths: boolean
}

/** Two statements. Nothing else may change the schema until the seal is kept. */
export async function makeSeal(queryable: Queryable, { schema, oid, digest, hasOwnPaths }: ToSeal): Promise<Seal> {
  const { rows } = await queryable.query<Record<keyof ToRead, string>>(contentsSql(oid))
  const read = (name: keyof ToRead): string[] => JSON.parse(rows[0]![name]) as string[]
  const contents = { catalogs: read('catalogs'), tables: read('tables'), sequences: read('sequences'), hasOwnPaths }
  return { oid, digest, reader: sealReader, hash: await readHash(queryable, oid, schema, contents, '0'), contents }
}

/** Whether the schema holds exactly what it held when it was sealed. One statement. @param lockTimeout of the statements after this one */
export async function isSealed(queryable: Queryable, schema: string, seal: Seal, lockTimeout = '0'): Promise<boolean> {
  return (await readHash(queryable, seal.oid, schema, seal.contents, lockTimeout)) === seal.hash
}

async function readHash(
  queryable: Queryable,
  oid: string,
  schema: string,
  contents: ToRead,
  lockTimeout: string,
): Promise<string> {
  const { rows } = await queryable.query<{ hash: string }>(sealSql(oid, schema, contents, lockTimeout))
  return createHash('sha256').update(rows[0]!.hash).digest('hex')
}
