/** `partywall sql`: a statement in one tenant, in every active tenant, or in the shared schema. It is sent as it was written. */
import { text as readAll } from 'node:stream/consumers'
import type { Command } from 'commander'
import { splitStatements } from '../../sql/lexer.ts'
import type { ForEachEntry } from '../../fleet/for-each.ts'
import type { FleetReport } from '../../types.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { collect } from '../context/collect.ts'
import { examples } from '../terminal/examples.ts'
import { describeFailure, UsageError } from '../terminal/failure.ts'
import { reportDocument, summary } from '../terminal/fleet-documents.ts'
import { asQuery, renderFleet, renderResults, resultDocument, toResults, type SqlResult } from './result.ts'
import { printable } from '../terminal/table.ts'

interface Flags {
  readonly tenant?: readonly string[]
  readonly all?: boolean
  readonly shared?: boolean
}

export function sql(parent: Command, cli: Cli): void {
  parent
    .command('sql')
    .description('run SQL in one tenant, in every active tenant, or in the shared schema')
    .argument('[sql]', 'the statement; - reads it from stdin')
    .option('--tenant <tenant>', 'in this tenant, by schema, id or domain; whatever its status', collect)
    .option('--all', 'in every active tenant')
    .option('--shared', 'in the shared schema')
    .addHelpText(
      'after',
      examples(
        ['sql --tenant acme "select * from notes"', 'in one tenant'],
        ['sql --all --json "select count(*) from notes"', 'in every active tenant, for a program'],
        ['sql --shared - < plans.sql', 'from a file'],
      ),
    )
    .action(async (given: string | undefined, flags: Flags) => {
      assertOnePlace(flags)
      const statement = await readStatement(cli, given)
      const tenancy = await cli.tenancy()
      return flags.all === true ? runInAll(cli, tenancy, statement) : runInOne(cli, tenancy, statement, flags.tenant?.[0])
    })
}

async function runInOne(cli: Cli, tenancy: Tenancy, statement: string, ref: string | undefined): Promise<void> {
  if (ref === undefined) {
    await tenancy.ready()
    const results = toResults(await tenancy.sharedPool.query(asQuery(statement)))
    cli.out.result({ target: 'shared', ...resultDocument(results) }, () => renderResults(results))
    return
  }
  const tenant = await tenancy.tenants.get(ref)
  const results = await tenancy.run(tenant, () => query(tenancy, statement), { allowInactive: true })
  cli.out.result({ target: tenant.schema, tenantId: tenant.id, ...resultDocument(results) }, () => renderResults(results))
}

async function runInAll(cli: Cli, tenancy: Tenancy, statement: string): Promise<void> {
  const report: FleetReport<ForEachEntry<SqlResult[]>> = await tenancy.forEach(() => query(tenancy, statement))
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

async function query(tenancy: Tenancy, statement: string): Promise<SqlResult[]> {
  return toResults(await tenancy.pool.query(asQuery(statement)))
}

function assertOnePlace({ tenant = [], all = false, shared = false }: Flags): void {
  const places = tenant.length + Number(all) + Number(shared)
  if (places === 1) return
  const why =
    places === 0
      ? 'missing --tenant <tenant>, --all or --shared'
      : 'only one of --tenant <tenant>, --all and --shared can be given'
  throw new UsageError(`${why}: it says where the SQL runs`, places === 0 ? 'MISSING_ANSWER' : 'USAGE')
}

async function readStatement(cli: Cli, given: string | undefined): Promise<string> {
  const statement =
    given === '-'
      ? await readAll(process.stdin)
      : (given ?? (await cli.ask.required({ missing: 'the argument <sql>', question: 'SQL' })))
  if (splitStatements(statement).length > 0) return statement
  throw new UsageError('the SQL is empty')
}
