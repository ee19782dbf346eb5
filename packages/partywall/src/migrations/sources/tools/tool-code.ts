/**
 * Migrations of another tool that are code. What they send is not known before they run, so each statement is reviewed when it is sent. What
 * belongs to the tenant is what the tenant's schema holds at that moment.
 */
import type { QueryResult, QueryResultRow } from 'pg'
import type { Statement } from '../../../sql/statement.ts'
import { TenancyError } from '../../../errors.ts'
import type { MigrationClient, MigrationContext, Step } from '../../../ports/migration-source.ts'
import { warnIfUntested, type TestedLibrary } from '../../../tested-versions.ts'
import { OwnedNames } from '../../review/owned-names.ts'
import { namesOfPublic } from '../../review/public-names.ts'
import { needsReview, reviewSql } from '../../review/review.ts'
import { isForPublic, reviewAt, type ToolPlace } from './tool-source.ts'

/**
 * Loads the library whose migrations will run. Only then, so that an application has to install only the libraries that it uses.
 * @param load imports it; written out by the caller, so that types and bundlers see the name
 * @throws TenancyError INVALID_OPTION
 */
export async function loadLibrary<T>(name: TestedLibrary, load: () => Promise<T>): Promise<T> {
  try {
    const library = await load()
    warnIfUntested(name)
    return library
  } catch (error) {
    throw new TenancyError(
      'INVALID_OPTION',
      `Migrations of ${name} need the package ${name}, which cannot be loaded. Install it: npm install ${name}.`,
      { details: { package: name }, cause: error },
    )
  }
}

/** A step in code whose client sends only what is fit for the schema of a tenant. */
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
    // The review has left the whole statement out.
    if (text.trim() === '' && statement.text.trim() !== '') return Promise.resolve(nothing())
    return client.query({ ...statement, text })
  }
  const lookUpAndSend = async (statement: Statement, names: readonly string[]): Promise<QueryResult<any>> =>
    send(statement, await ownedOf(client, names))
  return {
    // Not an async function: a statement without such names is sent at once, so that statements keep their order.
    query<R extends QueryResultRow>(query: string | Statement, values?: readonly unknown[]): Promise<QueryResult<R>> {
      try {
        const statement = typeof query === 'string' ? { text: query, ...(values && { values: [...values] }) } : query
        if (!needsReview(statement.text)) return client.query<R>(statement)
        const names = namesOfPublic(statement.text)
        return names.length === 0 ? send(statement, []) : lookUpAndSend(statement, names)
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
  }
}

/** Which of these names exist in the schema that the client is bound to, the first of its search path. */
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
