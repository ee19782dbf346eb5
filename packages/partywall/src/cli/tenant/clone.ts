/** `partywall tenant clone`: a tenant as a copy of another one, which stays in use. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import type { CloneInput, ColumnMask, TableMask } from '../../lifecycle/clone/clone-input.ts'
import type { Cli } from '../context/cli.ts'
import { examples, repeated, tenantArgument, tenantQuestion } from '../context/declarations.ts'
import { unreached } from '../context/reach.ts'
import { printable } from '../terminal/printable.ts'
import { parseAttributes } from './attributes.ts'
import { renderCard, tenantCard } from './card.ts'
import { renderClonePlan } from './clone-plan.ts'
import { cloneMeter } from './clone-meter.ts'
import { expiry, orNull } from '../terminal/times.ts'

type Mask = readonly [key: string, mask: ColumnMask | TableMask]

interface Flags {
  readonly structureOnly?: boolean
  readonly settings: boolean
  readonly files: boolean
  readonly mask?: readonly Mask[]
  readonly keepSessions?: boolean
  readonly accept?: boolean
  readonly name?: string
  readonly externalId?: string
  readonly domain?: readonly string[]
  readonly set?: readonly string[]
  readonly expires?: Date | 'never'
  readonly plan?: boolean
}

export function tenantClone(parent: Command, cli: Cli): void {
  parent
    .command('clone')
    .description('make a tenant as a copy of another one, which stays in use')
    .argument(...tenantArgument)
    .argument('[schema]', 'the schema of the new tenant')
    .option('--structure-only', 'copy no rows')
    .option('--no-settings', 'do not copy the settings, and the secrets in them (default: they are copied with the rows)')
    .option('--no-files', 'do not copy the files (default: they are copied with the rows)')
    .option(
      '--mask <column=mask>',
      'replace the values of table.column by null, hash, email, empty or sql:<expression>; or leave a whole table empty, or keep it; may be repeated (default: none)',
      mask,
    )
    .option('--keep-sessions', 'also copy tables of sessions, tokens and keys')
    .option('--accept', 'clone it although a text in a function may lead to the source')
    .option('--name <name>', 'the name for people (default: the schema)')
    .option('--external-id <id>', 'its key in another system (default: none)')
    .option('--domain <domain>', 'a host name that leads to it; may be repeated, the first is primary (default: none)', repeated)
    .option(
      '--set <key=value>',
      'an attribute; may be repeated; a value that is JSON is read as JSON, any other as text (default: none)',
      repeated,
    )
    .option('--expires <when>', 'when a purge may delete it: 14d, 12h, or a date (default: never)', expiry)
    .option('--plan', 'change nothing, and show what would be copied')
    .addHelpText(
      'after',
      examples(
        ['tenant clone acme acme-staging --plan', 'tables, sizes, and what stays empty'],
        ['tenant clone acme acme-staging --mask users.email=email --mask users.phone=null', 'rows, with masks'],
        ['tenant clone acme globex --structure-only', 'the tables alone'],
      ),
    )
    .action(async (ref: string | undefined, schema: string | undefined, flags: Flags) => {
      const attributes = parseAttributes(flags.set)
      const tenancy = await cli.tenancy()
      const source = ref ?? (await cli.ask.required(tenantQuestion))
      const input: CloneInput<any> = {
        schema: schema ?? (await cli.ask.required({ missing: 'the argument <schema>', question: 'Schema of the new tenant' })),
        name: flags.name,
        domains: flags.domain,
        ...(attributes && { attributes }),
        externalId: flags.externalId,
        expiresAt: orNull(flags.expires) ?? undefined,
        data: flags.structureOnly !== true,
        ...(!flags.settings && { settings: false }),
        ...(!flags.files && { files: false }),
        mask: flags.mask && Object.fromEntries(flags.mask),
        keepSessions: flags.keepSessions,
        accept: flags.accept,
      }
      const plan = await tenancy.tenants.clone(source, { ...input, plan: true })
      if (flags.plan === true) {
        if (plan.refused.length > 0 || (plan.remarks.length > 0 && flags.accept !== true)) cli.fail()
        return cli.out.result(plan, () => renderClonePlan(plan))
      }
      const stop = cloneMeter(tenancy, cli)
      const tenant = await tenancy.tenants.clone(source, input).finally(stop)
      const card = await tenantCard(tenancy, tenant)
      const empty = plan.tables.filter(({ isCopied }) => !isCopied).map(({ name }) => name)
      const { remarks, mayHoldSecrets, sharedRows } = plan
      cli.out.result({ ...card, empty, mayHoldSecrets, sharedRows, remarks }, () => renderCard(card))
      if (input.data === true && empty.length > 0) cli.out.say(`left empty: ${empty.map((name) => printable(name)).join(', ')}`)
      if (mayHoldSecrets.length > 0)
        cli.out.say(`may hold secrets, and was copied: ${mayHoldSecrets.map((name) => printable(name)).join(', ')}`)
      for (const { table, rows } of sharedRows)
        cli.out.say(`not copied: ${rows} rows in ${printable(table)}, which tenants share`)
      for (const remark of remarks) cli.out.say(printable(remark))
      for (const line of await unreached(tenancy, card.domains)) cli.out.say(line)
    })
}

/** `users.email=email`, `users.name=sql:upper(name)`. */
function mask(text: string, before: readonly Mask[] | undefined): readonly Mask[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be a column and a mask: users.email=email.')
  const [key, value] = [text.slice(0, at), text.slice(at + 1)]
  return [...(before ?? []), [key, value.startsWith('sql:') ? { sql: value.slice('sql:'.length) } : (value as TableMask)]]
}
