/** `partywall tenant login`, `tenant logins` and `tenant login revoke`: logins for the customers' own tools. */
import { InvalidArgumentError, type Command } from 'commander'
import type { CreatedLogin, Login } from '../../lifecycle/logins/logins.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { parseDuration } from '../terminal/duration.ts'
import { UsageError } from '../terminal/failure.ts'
import { pairs, table } from '../terminal/table.ts'
import { lifetime } from '../terminal/times.ts'

interface Flags {
  readonly readOnly?: boolean
  readonly name?: string
  readonly expires?: number
  readonly connections?: number
  readonly statementTimeout?: number
  readonly tempFileLimit?: number
  readonly shared?: boolean
}

export function tenantLogin(parent: Command, cli: Cli): void {
  const login = parent
    .command('login')
    .description("make a login for the customer's own tools, which reads the schema of its tenant")
    .argument(...tenantArgument)
    .option('--read-only', 'it reads, and writes nothing (required: there is no other)')
    .option('--name <name>', 'its name for people (default: read-only)')
    .option('--expires <time>', 'after this time it cannot connect, e.g. 12h or 30d (default: never)', lifetime)
    .option('--connections <n>', 'how many connections at a time, at most 100 (default: 3)', countFrom(1))
    .option(
      '--statement-timeout <time>',
      'how long a statement may take, unless the customer sets another time (default: 30s)',
      parseDuration,
    )
    .option('--temp-file-limit <size>', 'how much disk the temporary files of a session may take (default: 1GB)', kilobytes)
    .option('--shared', 'it also reads the shared schema')
    .addHelpText(
      'after',
      examples(
        ['tenant login acme --read-only --expires 30d --name analytics', 'prints the password, once'],
        ['tenant login revoke <role>', 'ends its sessions and drops it'],
      ),
    )
    .action(async (ref: string | undefined, flags: Flags) => {
      if (flags.readOnly !== true)
        throw new UsageError('missing --read-only: a login for a customer reads, and writes nothing', 'MISSING_ANSWER')
      const { logins } = await cli.tenancy()
      const { name, expires, connections, statementTimeout, tempFileLimit, shared } = flags
      const created = await logins.create(ref ?? (await cli.ask.required(tenantQuestion)), {
        name,
        connections,
        shared,
        expiresInMs: expires,
        statementTimeoutMs: statementTimeout,
        tempFileLimitKb: tempFileLimit,
      })
      cli.out.result(created, () => renderCreated(created))
      cli.out.say('The password is shown once, and stored nowhere.')
      if (created.notSet.length > 0)
        cli.out.say(
          `Only a superuser can set ${created.notSet.join(', ')}, so it was not set: the login can fill the disk with temporary files.`,
        )
    })
  login
    .command('revoke')
    .description('end the sessions of a login, and drop it')
    .argument('[role]', 'the name of its role, as `tenant logins` shows it')
    .addHelpText('after', examples(['tenant login revoke partywall_…_ro_0a1b2c3d', 'at once']))
    .action(async (role: string | undefined) => {
      const { logins } = await cli.tenancy()
      const revoked = await logins.revoke(role ?? (await cli.ask.required({ missing: 'the argument <role>', question: 'Role' })))
      cli.out.result(revoked, () => `revoked ${revoked.role}`)
    })
}

export function tenantLogins(parent: Command, cli: Cli): void {
  parent
    .command('logins')
    .description("list the logins for the customers' own tools")
    .argument(...tenantArgument)
    .addHelpText('after', examples(['tenant logins', 'of all tenants'], ['tenant logins acme', 'of one']))
    .action(async (ref: string | undefined) => {
      const { logins } = await cli.tenancy()
      const all = await logins.list(ref)
      cli.out.result(all, () => (all.length === 0 ? '' : render(all)))
      if (all.length === 0) cli.out.say('There are no logins.')
    })
}

function renderCreated({ login, password, url, database }: CreatedLogin): string {
  return pairs([
    ['tenant', login.schema],
    ['role', login.role],
    ['password', password],
    ['database', database],
    ['expires', login.expiresAt?.toISOString() ?? 'never'],
    ['connect', url],
  ])
}

function render(all: readonly Login[]): string {
  return table(
    ['tenant', 'name', 'state', 'expires', 'sessions', 'role'],
    all.map(({ schema, name, state, expiresAt, sessions, role }) => [
      schema,
      name,
      state,
      expiresAt?.toISOString().slice(0, 10) ?? 'never',
      sessions,
      role,
    ]),
  )
}

const units = { kB: 1, MB: 1024, GB: 1024 ** 2 } as const

function kilobytes(text: string): number {
  const [, number, unit] = /^(\d{1,9})(kB|MB|GB)$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('It must be a size such as 500MB or 1GB.')
  return Number(number) * units[unit as keyof typeof units]
}
