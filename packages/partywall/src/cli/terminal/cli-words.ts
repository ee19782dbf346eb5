/**
 * Errors of the library in the words of the command line, whose caller types commands and flags and cannot call functions. An error that
 * is not in the table keeps its text.
 */
import type { AnyTenancyError, TenancyError, TenancyErrorCode } from '../../errors.ts'
import { listed } from './printable.ts'

export function inCliWords(error: AnyTenancyError): string {
  const words = table[error.code] as ((error: AnyTenancyError) => string | undefined) | undefined
  return words?.(error) ?? error.summary
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
  DOMAIN_EXISTS: ({ details: { domains } }) =>
    `A domain leads to exactly one tenant. Already taken: ${domains.map((domain) => JSON.stringify(domain)).join(', ')}. ` +
    '`partywall domain list` shows the domains of all tenants.',
  UNKNOWN_KIND({ details: { kind, kinds, nearest } }) {
    const advice = nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`
    return `There is no kind of tenants ${JSON.stringify(kind)}.${advice} The kinds are the keys of migrations.tenant in the config: ${listed(kinds)}.`
  },
  INVALID_ARGUMENT({ details: { option, sources } }) {
    if (option === 'name') return 'The name of a migration must hold letters or digits of ASCII, such as "add titles".'
    if (option !== 'to' || sources === undefined) return undefined
    return '--to names a migration of one folder, but these schemas have migrations of several. Add --shared, or --kind with one kind.'
  },
  NEEDS_SESSION: ({ summary }) => `${summary} The command line has no sessions: do it in a script.`,
}
