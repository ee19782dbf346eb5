/** Statements that move objects to another schema. The identities are quoted by the server. */
import { identifier } from '../../names/identifier.ts'
import type { Statement } from '../../sql/statement.ts'
import type { DbObject } from './facts.ts'

/** Routines and operators first: their identities name the types of their arguments, which move afterwards. */
export function moveText(objects: readonly DbObject[], schema: string): string {
  return objects
    .toSorted((one, other) => place(one) - place(other))
    .map(
      ({ kind, identity }) =>
        `alter ${kind === 'statistics object' ? 'statistics' : kind} ${identity} set schema ${identifier(schema)};`,
    )
    .join('\n')
}

/** 0: with the types of arguments. */
function place({ identity }: DbObject): number {
  return identity.endsWith(')') ? 0 : 1
}

/** The tables are locked before the plan is made once more, so that it is still right when it is carried out. */
export function lockTablesText(objects: readonly DbObject[]): string {
  const tables = objects.filter(({ kind }) => kind === 'table' || kind === 'partitioned table').map(({ identity }) => identity)
  return tables.length === 0 ? '' : `lock table ${tables.join(', ')} in access exclusive mode;`
}

export function lockTimeoutSql(lockTimeoutMs: number): Statement {
  return { text: `select pg_catalog.set_config('lock_timeout', $1::text, true)`, values: [String(lockTimeoutMs)] }
}

/** The rows of tables of which the server has no number yet; only small ones are counted. */
export function countSql(tables: readonly DbObject[]): Statement {
  return {
    text: tables
      .map(({ id, identity }) => `select '${id}' as id, (select pg_catalog.count(*) from only ${identity}) as rows`)
      .join('\nunion all\n'),
  }
}
