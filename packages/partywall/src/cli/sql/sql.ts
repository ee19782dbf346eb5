/**
 * `partywall sql`: SQL in one tenant, in every active tenant, or in the shared schema. It is sent unchanged. That it was sent is recorded before, in each
 * place; its text is not, because it may hold a secret.
 */
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import type { ForEachEntry } from '../../fleet/for-each.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Tenant } from '../../types.ts'
import type { Cli } from '../context/cli.ts'
import { examples, kindFlag, repeated, statusFlag, type NarrowingFlags } from '../context/declarations.ts'
import { describeFailure, UsageError } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { asQuery, renderFleet, renderResults, resultDocument, toResults, type SqlResult } from './result.ts'
import { printable } from '../terminal/printable.ts'
import { markOwnSql } from '../terminal/server-words.ts'

interface Flags extends NarrowingFlags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
  readonly shared?: boolean
}

export function sql(parent: Command, cli: Cli): void {
  parent
    .command('sql')
    .description('run SQL in one tenant, in every active tenant, or in the shared schema')
    .argument('[sql]', 'the statement; - reads it from stdin')
    .optionsGroup('Where (one is required):')
    .option('--tenant <tenant>', 'in this tenant, by schema, id or domain, whatever its status', repeated)
    .option('--all', 'in every active tenant, or in those that --kind and --status select')
    .option('--shared', 'in the shared schema')
    .optionsGroup('With --all:')
    .addOption(kindFlag())
    .addOption(statusFlag('active'))
    .addHelpText(
      'after',
      examples(
        ['sql --tenant acme "select * from notes"', 'in one tenant'],
        ['sql --all --json "select count(*) from notes"', 'in every active tenant, for a program'],
        ['sql --all --status active --status suspended "select count(*) from notes"', 'in suspended tenants, too'],
        ['sql --shared - < plans.sql', 'from a file'],
      ),
    )
    .action(async (given: string | undefined, flags: Flags) => {
      assertOnePlace(flags)
      const statement = await readStatement(cli, given)
      const tenancy = await cli.tenancy()
      return flags.all === true ? runInAll(cli, tenancy, statement, flags) : runInOne(cli, tenancy, statement, flags.tenant?.[0])
    })
}

async function runInOne(cli: Cli, tenancy: Tenancy, statement: string, ref: string | undefined): Promise<void> {
  if (ref === undefined) {
    await record(tenancy)
    const results = await query(tenancy.sharedPool, statement)
    cli.out.result({ target: 'shared', ...resultDocument(results) }, () => renderResults(results))
    return
  }
  const tenant = await tenancy.tenants.get(ref)
  const results = await tenancy.run(tenant, () => queryIn(tenancy, tenant, statement), { allowInactive: true })
  cli.out.result({ target: tenant.schema, tenantId: tenant.id, ...resultDocument(results) }, () => renderResults(results))
}

async function runInAll(cli: Cli, tenancy: Tenancy, statement: string, { kind, status }: NarrowingFlags): Promise<void> {
  const selection = { kinds: kind, status }
  const started = await tenancy.forEach((tenant) => {
    if (cli.signals.hasAny) throw notStarted
    return queryIn(tenancy, tenant, statement)
  }, selection)
  const report = { ...started, entries: started.entries.map(withSkipped) }
  for (const { target, state, error } of report.entries) {
    if (state === 'failed') cli.out.say(`${printable(target)}: ${describeFailure(error)}`)
  }
  if (!report.ok) cli.fail()
  cli.out.result(
    reportDocument(report, ({ value }) => (value === undefined ? {} : resultDocument(value))),
    () => renderFleet(report.entries),
  )
  if (!cli.out.isJson) cli.out.say(summary(report, 'done'))
}

/** Thrown in a tenant whose turn comes after a signal. */
const notStarted = new Error('not started')

function withSkipped({ error, ...entry }: ForEachEntry<SqlResult[]>): ForEachEntry<SqlResult[]> {
  return error === notStarted ? { ...entry, state: 'skipped' } : error === undefined ? entry : { ...entry, error }
}

async function queryIn(tenancy: Tenancy, tenant: Tenant, statement: string): Promise<SqlResult[]> {
  await record(tenancy, tenant)
  return query(tenancy.pool, statement)
}

async function record(tenancy: Tenancy, tenant?: Tenant): Promise<void> {
  const { recordIn } = await import('../../tenancy.ts')
  await recordIn(tenancy, { action: 'sql.run', tenant, object: tenant?.schema ?? 'shared' })
}

async function query(pool: Tenancy['pool'], statement: string): Promise<SqlResult[]> {
  try {
    return toResults(await pool.query(asQuery(statement)))
  } catch (error) {
    markOwnSql(error, statement)
    throw error
  }
}

function assertOnePlace({ tenant = [], all = false, shared = false, kind, status }: Flags): void {
  const places = tenant.length + Number(all) + Number(shared)
  if (places === 0) throw new UsageError('missing --tenant <tenant>, --all or --shared: say where the SQL runs', 'MISSING_ANSWER')
  if (places > 1) throw new UsageError('give only one of --tenant <tenant>, --all and --shared: it says where the SQL runs')
  if (!all && (kind !== undefined || status !== undefined)) throw new UsageError('--kind and --status require --all')
}

async function readStatement(cli: Cli, given: string | undefined): Promise<string> {
  const statement =
    given === '-'
      ? await readAll(process.stdin)
      : (given ?? (await cli.ask.required({ missing: 'the argument <sql>', question: 'SQL' })))
  const statements = splitStatements(statement)
  if (statements.length === 0) throw new UsageError('the SQL is empty')
  if (statements.some(isCopyStream)) {
    throw new UsageError(
      'COPY … FROM STDIN and COPY … TO STDOUT are not possible here, because their rows are a stream; use psql',
    )
  }
  return statement
}

function isCopyStream({ tokens }: SqlStatement): boolean {
  return tokens[0] === 'copy' && tokens.some((token) => token === 'stdin' || token === 'stdout')
}
