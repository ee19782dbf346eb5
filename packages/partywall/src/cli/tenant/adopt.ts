/** `partywall tenant adopt`: tables, or schemas that exist, become tenants. What moves is shown before it moves. */
import type { Command } from 'commander'
import type { AdoptPlan, ToAdopt } from '../../lifecycle/adopt/adopt-input.ts'
import type { FleetToAdopt } from '../../lifecycle/adopt/fleet.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { countFrom, examples, repeated } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { parseDuration } from '../terminal/duration.ts'
import { UsageError } from '../terminal/failure.ts'
import { printable } from '../terminal/printable.ts'
import { renderAdoptPlan } from './adopt-plan.ts'
import { adoptFleet } from './adopt-fleet.ts'
import { renderCard, tenantCard } from './card.ts'
import { confirmSchema } from './confirm.ts'

interface Flags {
  readonly tables?: readonly string[]
  readonly allBut?: readonly string[]
  readonly from?: string
  readonly moveDependents?: boolean
  readonly inPlace?: boolean
  readonly like?: string
  readonly query?: string
  readonly django?: boolean
  readonly djangoTenants?: string
  readonly djangoDomains?: string
  readonly name?: string
  readonly externalId?: string
  readonly domain?: readonly string[]
  readonly kind?: string
  readonly at?: string
  readonly accept?: boolean
  readonly plan?: boolean
  readonly confirm?: string
  readonly concurrency?: number
  readonly lockTimeout?: number
}

export function tenantAdopt(parent: Command, cli: Cli): void {
  parent
    .command('adopt')
    .description('make a tenant of tables or schemas that exist already, without copying a row')
    .argument('[schema]', 'the schema of the tenant: a new one for --tables and --all-but, one that exists for --in-place')
    .option(
      '--tables <glob>',
      'move these tables, views and sequences into the new schema; may be repeated (default: none)',
      repeated,
    )
    .option('--all-but <glob>', 'move all tables, views and sequences but these; may be repeated (default: none)', repeated)
    .option('--from <schema>', 'the schema in which the tables are (default: the shared schema)')
    .option('--move-dependents', 'also move what would stay and uses what moves')
    .option('--in-place', 'the schema stays as it is')
    .option('--like <pattern>', "adopt all schemas that fit, in place, e.g. 'tenant_%' (default: none)")
    .option('--query <sql>', 'adopt the schemas that a query returns: schema, and perhaps name, domain and kind (default: none)')
    .option('--django', 'adopt the tenants of django-tenants, with their domains')
    .option('--django-tenants <table>', 'the table of its tenant model (default: the one with a column schema_name)')
    .option('--django-domains <table>', 'the table of its domain model (default: the one with domain, tenant_id and is_primary)')
    .option('--name <name>', 'the name for people (default: the schema)')
    .option('--external-id <id>', 'its key in another system (default: none)')
    .option('--domain <domain>', 'a host name that leads to it; may be repeated, the first is primary (default: none)', repeated)
    .option('--kind <kind>', 'which set of tenant migrations it gets (default: default)')
    .option('--at <migration>', 'the last migration that counts as applied; 0 is none (default: all, compared with the schema)')
    .option('--accept', 'adopt it although it differs from its migrations, or the plan has warnings')
    .option('--plan', 'change nothing, and show what would be done')
    .option('--confirm <schema>', 'the schema once more, instead of an answer to the question (default: none)')
    .option('--concurrency <n>', 'how many schemas at a time, at most 64 (default: 4)', countFrom(1))
    .option('--lock-timeout <time>', 'how long it waits for a lock before it tries again (default: 2s)', parseDuration)
    .addHelpText(
      'after',
      examples(
        ["tenant adopt ferrari --tables 'polls_*' --plan", 'what would move, and what speaks against it'],
        ["tenant adopt ferrari --tables 'polls_*'", 'shows it, and asks'],
        ['tenant adopt acme --in-place --at 0042', 'a schema as it is; later migrations are pending'],
        ["tenant adopt --like 'tenant_%'", 'a fleet'],
        ['tenant adopt --django', 'the tenants of django-tenants'],
      ),
    )
    .action(async (schema: string | undefined, flags: Flags) => {
      const tenancy = await cli.tenancy()
      if (flags.kind !== undefined) assertKindsInConfig(tenancy, [flags.kind])
      const fleet = fleetOf(schema, flags)
      if (fleet !== undefined) return adoptFleet(cli, tenancy, fleet)
      await adoptOne(cli, tenancy, oneOf(schema ?? (await cli.ask.required(schemaQuestion)), flags), flags)
    })
}

const schemaQuestion = { missing: 'the argument <schema>', question: 'Schema of the tenant' } as const

/** What the flags say about many schemas; undefined when they are about one. */
function fleetOf(schema: string | undefined, flags: Flags): FleetToAdopt | undefined {
  const { like, query, django, djangoTenants, djangoDomains, kind, at, accept, plan, concurrency, lockTimeout } = flags
  const isDjango = django === true || djangoTenants !== undefined || djangoDomains !== undefined
  if (like === undefined && query === undefined && !isDjango) return undefined
  const ofOne = [
    ['the argument <schema>', schema],
    ['--tables', flags.tables],
    ['--all-but', flags.allBut],
    ['--from', flags.from],
    ['--name', flags.name],
    ['--external-id', flags.externalId],
    ['--domain', flags.domain],
  ].find(([, value]) => value !== undefined)
  if (ofOne !== undefined)
    throw new UsageError(`${String(ofOne[0])} is for one tenant; leave it out with --like, --query and --django`)
  return {
    like,
    query,
    django: isDjango ? { tenants: djangoTenants, domains: djangoDomains } : undefined,
    kind,
    at,
    accept,
    plan,
    concurrency,
    lockTimeoutMs: lockTimeout,
  }
}

function oneOf(schema: string, { tables, allBut, from, moveDependents, inPlace, ...flags }: Flags): ToAdopt<any> {
  const { name, externalId, domain: domains, kind, at, accept, lockTimeout: lockTimeoutMs } = flags
  const common = { schema, name, externalId, domains, kind, at, accept, lockTimeoutMs }
  const chooses = tables !== undefined || allBut !== undefined
  if (inPlace === true) {
    if (chooses || from !== undefined)
      throw new UsageError('--in-place leaves a schema as it is, so --tables, --all-but and --from are left out')
    return { ...common, inPlace }
  }
  if (!chooses) throw new UsageError('missing --tables <glob>, --all-but <glob> or --in-place', 'MISSING_ANSWER')
  if (tables !== undefined && allBut !== undefined) throw new UsageError('--tables and --all-but cannot be used at the same time')
  return { ...common, tables, allBut, from, dependents: moveDependents === true ? 'move' : 'refuse' }
}

async function adoptOne(
  cli: Cli,
  tenancy: Tenancy,
  input: ToAdopt<any>,
  { plan: isPlan, confirm, accept }: Flags,
): Promise<void> {
  const planned = await tenancy.tenants.adopt({ ...input, plan: true })
  if (isPlan === true) {
    if (!isAcceptable(planned, accept)) cli.fail()
    return cli.out.result(planned, () => renderAdoptPlan(planned))
  }
  if (planned.moves.length > 0) cli.out.say(renderAdoptPlan(planned))
  // What is refused is refused without a question.
  if (planned.moves.length > 0 && isAcceptable(planned, accept))
    await confirmSchema(cli, input.schema, confirm, 'Type the name of the new schema to adopt')
  const told: string[] = []
  const stop = tenancy.on('tenant.adopted', ({ differences }) => told.push(...differences))
  const tenant = await tenancy.tenants.adopt(input)
  stop()
  const card = await tenantCard(tenancy, tenant)
  cli.out.result({ ...card, differences: told }, () => renderCard(card))
  for (const sentence of told) cli.out.say(`differs from its migrations: ${printable(sentence)}`)
}

function isAcceptable({ refused, warnings }: AdoptPlan, accept: boolean | undefined): boolean {
  return refused.length === 0 && (warnings.length === 0 || accept === true)
}
