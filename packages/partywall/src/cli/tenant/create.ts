/** `partywall tenant create`: a tenant with its schema, tables, history and domains, active when the command is done. */
import type { Command } from 'commander'
import { tryParseDomain } from '../../names/domain-name.ts'
import { schemaNameProblem } from '../../names/identifier.ts'
import { reservedSchemas } from '../../config/options.ts'
import type { Tenancy } from '../../tenancy.ts'
import type { Cli } from '../context/cli.ts'
import { examples, repeated } from '../context/declarations.ts'
import { assertKindsInConfig } from '../context/kinds.ts'
import { saySteps } from '../context/step-lines.ts'
import { unreached } from '../context/reach.ts'
import { askAttributes } from './attribute-questions.ts'
import { parseAttributes } from './attributes.ts'
import { renderCard, tenantCard } from './card.ts'
import { expiry, orNull } from '../terminal/times.ts'

interface Flags {
  readonly name?: string
  readonly externalId?: string
  readonly domain?: readonly string[]
  readonly kind?: string
  readonly set?: readonly string[]
  readonly expires?: Date | 'never'
  readonly template?: string
  readonly cloneFrom?: string
}

export function tenantCreate(parent: Command, cli: Cli): void {
  parent
    .command('create')
    .description('create a tenant: schema, tables, history and domains in one transaction, then its seeds')
    .argument('[schema]', 'the name of its schema: lower-case letters, digits, _ and -')
    .option('--name <name>', 'the name for people (default: the schema)')
    .option('--external-id <id>', 'its key in another system, such as org_2ab4 (default: none)')
    .option('--domain <domain>', 'a host name that leads to it; may be repeated, the first is primary (default: none)', repeated)
    .option('--kind <kind>', 'which set of tenant migrations it gets (default: default)')
    .option(
      '--set <key=value>',
      'an attribute; may be repeated; a value that is JSON is read as JSON, any other as text (default: none)',
      repeated,
    )
    .option('--template <name>', 'a template that was saved (default: the template of the kind, or its migrations)')
    .option('--expires <when>', 'when a purge may delete it: 14d, 12h, or a date (default: never)', expiry)
    .option('--clone-from <tenant>', 'take the structure and the history of this tenant, without rows (default: the migrations)')
    .addHelpText(
      'after',
      examples(
        ['tenant create', 'prompts for the schema, the name, the domain, the kind and each attribute'],
        ['tenant create acme --name "Acme Inc." --domain acme.example.com', 'a tenant with a domain, without prompts'],
        ['tenant create bolt --set plan=pro --set seats=5', 'with attributes'],
      ),
    )
    .action(async (schema: string | undefined, flags: Flags) => {
      const set = parseAttributes(flags.set)
      const tenancy = await cli.tenancy()
      if (flags.kind !== undefined) assertKindsInConfig(tenancy, [flags.kind])
      saySteps(cli, tenancy)
      const { kind, attributes, ...answered } = await answers(cli, tenancy, schema, { ...flags, set })
      const { cloneFrom } = flags
      const tenant = await tenancy.tenants.create({
        ...answered,
        ...(flags.externalId !== undefined && { externalId: flags.externalId }),
        kind: cloneFrom === undefined ? kind : flags.kind,
        cloneFrom,
        ...(attributes && { attributes }),
        expiresAt: orNull(flags.expires) ?? undefined,
        template: flags.template,
      })
      const card = await tenantCard(tenancy, tenant)
      cli.out.result(card, () => renderCard(card))
      for (const line of await unreached(tenancy, card.domains)) cli.out.say(line)
    })
}

interface Given extends Omit<Flags, 'set'> {
  readonly set: Readonly<Record<string, unknown>> | undefined
}

interface Answers {
  readonly schema: string
  readonly name: string
  readonly domains: readonly string[]
  readonly kind: string
  readonly attributes: Readonly<Record<string, unknown>> | undefined
}

/** A call that names the schema is complete, and is not prompted: the flags that it leaves out have their defaults. */
async function answers({ ask: prompts }: Cli, { options }: Tenancy, given: string | undefined, flags: Given): Promise<Answers> {
  if (given !== undefined) {
    return {
      schema: given,
      name: flags.name ?? given,
      domains: flags.domain ?? [],
      kind: flags.kind ?? 'default',
      attributes: flags.set,
    }
  }
  const schema = await prompts.required({
    missing: 'the argument <schema>',
    question: 'Schema of the new tenant',
    problem: (answer) => schemaNameProblem(answer, reservedSchemas(options)),
  })
  const name =
    flags.name ?? (await prompts.optional({ missing: '--name', question: 'Name for people', problem: nameProblem }, schema))
  const domains = flags.domain ?? [
    await prompts.optional({ missing: '--domain', question: 'Domain, if it already has one', problem: domainProblem }, ''),
  ]
  const kind =
    flags.kind ??
    (await prompts.choice({ missing: '--kind', question: 'Kind' }, [
      'default',
      ...Object.keys(options.migrations.tenant).filter((other) => other !== 'default'),
    ]))
  const attributes = await askAttributes(prompts, options.attributes, flags.set)
  // An empty answer is none; an empty --domain is a mistake.
  return { schema, name, domains: flags.domain ?? domains.filter((one) => one !== ''), kind, attributes }
}

function nameProblem(answer: string): string | undefined {
  return answer.length > 255 ? 'A name has at most 255 characters.' : undefined
}

function domainProblem(answer: string): string | undefined {
  return tryParseDomain(answer) === undefined ? 'This is not a host name. Example: acme.example.com' : undefined
}
