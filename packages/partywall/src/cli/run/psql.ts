/** `partywall psql`: a session of PostgreSQL's own terminal in one tenant. */
import type { Command } from 'commander'
import type { Cli } from '../context/cli.ts'
import { connectionVariables } from '../context/connection-variables.ts'
import { examples } from '../context/declarations.ts'
import { ProgramFailed, UsageError } from '../terminal/failure.ts'
import { identifier } from '../../names/identifier.ts'
import { tenantRole } from '../../names/role-name.ts'
import { boundaryOf } from '../../config/boundary-option.ts'
import { schemasBehind } from '../../config/schemas-behind.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Tenant } from '../../types.ts'
import { Children, NotFound } from './children.ts'

export function psql(parent: Command, cli: Cli): void {
  parent
    .command('psql')
    .description('a session of psql in one tenant')
    .usage('--tenant <tenant> [-- <arguments of psql>]')
    .argument('[words...]', 'arguments of psql, after --')
    .option('--tenant <tenant>', 'in this tenant, by schema, id or domain, whatever its status (required)')
    .addHelpText(
      'after',
      examples(['psql --tenant acme', 'a session'], ['psql --tenant acme -- -c "select count(*) from notes"', 'one statement']),
    )
    .action(async (words: readonly string[], { tenant: ref }: { readonly tenant?: string }) => {
      if (cli.out.isJson) throw new UsageError('psql is a session and has no JSON document; use `partywall sql --json`')
      if (words.length > cli.passedOn.length)
        throw new UsageError(`${JSON.stringify(words[0])} stands before --; arguments of psql stand after it`)
      if (ref === undefined) throw new UsageError('missing --tenant <tenant>', 'MISSING_ANSWER')
      const tenancy = await cli.tenancy()
      const tenant = await tenancy.tenants.get(ref)
      const { recordIn } = await import('../../tenancy.ts')
      const variables = {
        ...(await connectionVariables(await tenancy.database.connectionConfig(), 'DATABASE_URL')),
        PGOPTIONS: startOptions(settingsOf(tenancy, tenant)),
      }
      await recordIn(tenancy, { action: 'sql.run', tenant, object: tenant.schema })
      const children = new Children('as it is')
      cli.whenInterrupted(() => children.end())
      try {
        await children.run(['psql', ...cli.passedOn], variables, tenant.schema)
      } catch (error) {
        if (error instanceof NotFound)
          throw new UsageError('psql is not installed, or not in PATH; it is in the package postgresql-client')
        if (!(error instanceof ProgramFailed)) throw error
        // psql has said why.
        cli.fail()
      }
    })
}

/**
 * What statements of this tenant run with. The role is the one that keeps the tenant's rights; a person in psql may give it up, as every member of it may.
 */
function settingsOf({ options }: Tenancy, tenant: Tenant): Record<string, string> {
  const boundary = boundaryOf(options.boundary, tenant)
  if (boundary === 'login') {
    throw new UsageError(
      `the tenant ${JSON.stringify(tenant.schema)} has a login of its own, and its password is not known here; "partywall tenant login create" makes one for psql`,
    )
  }
  const path = [tenant.schema, ...schemasBehind(options), 'pg_temp'].map(identifier).join(', ')
  return { search_path: path, ...(boundary === 'role' && { role: tenantRole(tenant.id) }) }
}

/** Settings for the start of a session. The server splits the text at spaces, and a backslash keeps what follows it. */
function startOptions(settings: Readonly<Record<string, string>>): string {
  const inherited = process.env['PGOPTIONS'] === undefined ? [] : [process.env['PGOPTIONS']]
  const own = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`)
  return [...inherited, ...own].join(' ')
}
