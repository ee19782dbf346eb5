/**
 * Migrations of another tool that are code. What they will send is not known before they run, so each statement is reviewed when it
 * is sent; what is the tenant's is what lies in the tenant's schema.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Statement } from '../../../sql/statement.ts'
import { TenancyError } from '../../../errors.ts'
import type { MigrationClient, MigrationContext, Step } from '../../../ports/migration-source.ts'
import { OwnedNames } from '../../review/owned-names.ts'
import { namesOfPublic, needsReview, reviewSql } from '../../review/review.ts'
import { isForPublic, reviewAt, type ToolPlace } from './tool-options.ts'

/** A step in code whose client is fit for the schema of a tenant. */
export function codeStep(file: string, place: ToolPlace, run: (context: MigrationContext<any>) => Promise<void> | void): Step {
  return {
    kind: 'code',
    run: (context) => run(isForPublic(place) ? context : { ...context, client: reviewed(context.client, file, place) }),
  }
}

function reviewed(client: MigrationClient, file: string, place: ToolPlace): MigrationClient {
  const refuse = (_: number, what: string): never => {
    throw new TenancyError('INVALID_MIGRATION', `${file} sends ${what}`, { details: { file } })
  }
  const send = (statement: Statement, names: Iterable<string>): Promise<QueryResult<any>> => {
    const text = reviewSql(statement.text, { ...reviewAt(place), owned: new OwnedNames(names), refuse })
    // All of it was left out.
    if (text.trim() === '' && statement.text.trim() !== '') return Promise.resolve(nothing())
    return client.query({ ...statement, text })
  }
  const ask = async (statement: Statement, names: readonly string[]): Promise<QueryResult<any>> =>
    send(statement, await ownedOf(client, names))
  return {
    // Not an async function: without a question the statement is sent at once, so that statements keep their order.
    query<R extends QueryResultRow>(query: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>> {
      try {
        const statement = typeof query === 'string' ? { text: query, ...(values && { values: [...values] }) } : query
        if (!needsReview(statement.text)) return client.query<R>(statement)
        const names = namesOfPublic(statement.text)
        return names.length === 0 ? send(statement, []) : ask(statement, names)
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
  }
}

/** Which of these names are in the schema that the client is bound to: the first of its path. */
async function ownedOf(client: MigrationClient, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(ownedNamesSql(names))
  return rows.map(({ name }) => name)
}

function ownedNamesSql(names: readonly string[]): Statement {
  return {
    text: `
      with own as (
        select oid
        from pg_catalog.pg_namespace
        where nspname = pg_catalog.current_schema()
      )
      select relname::text as name from pg_catalog.pg_class, own where relnamespace = own.oid and relname = any($1::text[])
      union
      select typname::text from pg_catalog.pg_type, own where typnamespace = own.oid and typname = any($1::text[])
      union
      select proname::text from pg_catalog.pg_proc, own where pronamespace = own.oid and proname = any($1::text[])`,
    values: [names],
  }
}

function nothing(): QueryResult<any> {
  return { command: '', rowCount: null, oid: 0, rows: [], fields: [] }
}
