/**
 * Errors of the library in the words of the command line, whose caller types commands and flags and cannot call functions. An error that
 * is not in the table keeps its text, without the sentences that advise a call of the library.
 */
import type { AnyTenancyError, TenancyError, TenancyErrorCode } from '../../errors.ts'
import { listed } from './printable.ts'

export function inCliWords(error: AnyTenancyError): string {
  const words = table[error.code] as ((error: AnyTenancyError) => string | undefined) | undefined
  return words?.(error) ?? withoutCalls(error.summary)
}

/** By code: the text, or undefined for the library's own. */
type Table = { readonly [C in TenancyErrorCode]?: (error: TenancyError<C>) => string | undefined }

const table: Table = {
  UNKNOWN_TENANT({ details: { by, ref } }) {
    const name = JSON.stringify(ref)
    if (by === 'impossible') return `No tenant can have the name ${name}: it is no schema name, id or host name.`
    const create = by === 'schema' ? `, \`partywall tenant create ${ref}\` creates it` : ''
    return `No tenant has the ${by} ${name}. \`partywall tenant list\` shows the tenants${create}.`
  },
  INVALID_TENANT_REF: ({ details: { seen } }) =>
    `A tenant is named by its schema, its id or one of its domains; this is ${seen}.`,
  INVALID_TENANT_NAME: () => 'The name of a tenant (--name) must be text of 1 to 255 characters.',
  INVALID_ATTRIBUTES: ({ summary }) => `${withoutCalls(summary)} Give attributes with --set key=value.`,
  INVALID_SETTINGS: ({ summary }) => `${withoutCalls(summary)} \`partywall settings list <tenant>\` shows the settings.`,
  TENANT_SUSPENDED: ({ summary, details: { schema, status } }) =>
    status === 'suspended' ? inactive(schema, status) : withoutCalls(summary),
  INVALID_TENANT_MOVE: ({ details: { schema, status, move } }) => notNow(schema, status, move),
  TENANT_REFERENCED({ summary, details: { tables } }) {
    const advice = ' Say what becomes of them: --shared-rows delete, or --shared-rows keep.'
    return tables?.length > 0 ? withoutCalls(summary.replace(/ (?:Say what becomes|Use \{).*$/, '')) + advice : undefined
  },
  TENANT_MAINTENANCE: ({ summary, details: { schema, status } }) =>
    status === 'maintenance' ? inactive(schema, 'in maintenance') : withoutCalls(summary),
  PROVISION_FAILED: ({ summary }) => withoutCalls(summary.replace(', or call tenancy.tenants.resume.', '.').replace('npx ', '')),
  DOMAIN_EXISTS: ({ details: { domains } }) =>
    `A domain leads to exactly one tenant. Already taken: ${domains.map((domain) => JSON.stringify(domain)).join(', ')}. ` +
    '`partywall domain list` shows the domains of all tenants, `partywall domain remove <tenant> <domain>` removes one.',
  UNKNOWN_DOMAIN: ({ details: { domain, schema } }) =>
    `The tenant ${JSON.stringify(schema)} has no domain ${JSON.stringify(domain)}. \`partywall domain list ${schema}\` shows its domains.`,
  DOMAIN_NOT_VERIFIED: ({ summary, details: { domain } }) =>
    withoutCalls(summary).replace('and try again;', `and call \`partywall domain verify <tenant> ${domain}\` again;`),
  PRIMARY_DOMAIN: ({ details: { domain, schema } }) =>
    `${JSON.stringify(domain)} is the primary domain of the tenant ${JSON.stringify(schema)}, which has others, so it cannot be removed. ` +
    `Make another one primary first: \`partywall domain set-primary ${schema} <domain>\`. \`partywall domain list ${schema}\` shows its domains.`,
  UNKNOWN_KIND({ details: { kind, kinds, nearest } }) {
    const advice = nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`
    return `There is no kind of tenants ${JSON.stringify(kind)}.${advice} The kinds are the keys of migrations.tenant in the config: ${listed(kinds)}.`
  },
  INVALID_ARGUMENT({ summary, details: { option, sources } }) {
    if (option === 'confirm') return '--confirm must be the schema of the tenant. Nothing was deleted.'
    const ofFlag = inFlagWords(summary)
    if (ofFlag !== undefined) return ofFlag
    if (option === 'name') return 'The name of a migration must hold letters or digits of ASCII, such as "add titles".'
    if (option !== 'to' || sources === undefined) return undefined
    return '--to names a migration of one folder, but these schemas have migrations of several. Add --shared, --tenants, or --kind with one kind.'
  },
  NEEDS_SESSION: ({ summary }) =>
    `${withoutCalls(summary)} Write it into a migration that has the line \`-- partywall: no-transaction\`, or send it with psql.`,
  UNSAFE_STATEMENT({ details: { statement = '' } }) {
    if (!transactionControl.test(statement)) return undefined
    return (
      `${statement.toUpperCase()} is refused: all statements of a call are one transaction already, so they are kept together or not ` +
      'at all. Leave it out.'
    )
  },
  ADOPTION_REFUSED: ({ summary, details: { findings } }) =>
    (findings?.length ?? 0) === 0
      ? withoutCalls(summary.replace('"lockTimeoutMs"', '--lock-timeout'))
      : `Nothing was changed. ${findings.map(({ sentence }) => sentence).join(' ')} --plan shows everything; --move-dependents moves what uses the tables along, ` +
        '--accept accepts warnings and differences.',
  CLONE_REFUSED: ({ summary }) => withoutCalls(summary.replace('{ accept: true }', '--accept')),
  // Its file is edited, so it names what the file may call.
  MIGRATION_FAILED: ({ summary }) => summary,
  INVALID_MIGRATION: ({ summary }) => summary,
}

/** `"lockTimeoutMs" of boundary.upgrade must be …` is about the flag --lock-timeout, in milliseconds. */
function inFlagWords(summary: string): string | undefined {
  const [, option = '', rest] = /^"(\w+)" of [\w.]+ must be (.*)$/s.exec(summary) ?? []
  if (rest === undefined) return undefined
  const [, name = option, unit = ''] = /^(\w+?)(?:In)?(Ms|Kb)$/.exec(option) ?? []
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `--${words} must be ${units[unit] ?? ''}${rest}`
}

const units: Readonly<Record<string, string>> = { Ms: 'in milliseconds, ', Kb: 'in kB, ' }

/** First words of statements that begin, end or divide a transaction, or set its properties. */
const transactionControl = /^(?:begin|start|set|savepoint|release|prepare|commit|end|rollback|abort)$/

function inactive(schema: string, state: string): string {
  return `The tenant ${JSON.stringify(schema)} is ${state}, so no work is started in it. \`partywall tenant activate ${schema}\` activates it.`
}

function notNow(schema: string, status: string, move: string): string {
  const refused = `The tenant ${JSON.stringify(schema)} has the status ${status}, which does not permit this (${move}).`
  if (status === 'archived') return `${refused} \`partywall tenant restore\` brings an archived tenant back.`
  if (status === 'deleting')
    return `${refused} Its deletion has begun and cannot be undone: \`partywall tenant delete\` continues it.`
  if (status === 'provisioning' || status === 'failed') return `${refused} \`partywall tenant resume ${schema}\` completes it.`
  return refused
}

/** The first sentence says what was refused, so it stays; sentences after it that name a function of the library are left out. */
function withoutCalls(summary: string): string {
  const [first = '', ...others] = summary.split(/(?<=[.?!:])\s+(?=[A-Z"'`])/)
  return [first, ...others.filter((sentence) => !call.test(sentence))].join(' ')
}

/** A call of the library in a message. Options of the config, such as pool.max, are none: the config is a file that is edited. */
const call = /\btenancy\.\w|\bpool\.(?:connect|query)\b|\bclient\.\w|\bcreateTenancy\b|\ballowInactive\b|\bnewMigration\b/
