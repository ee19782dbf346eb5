/** An e-mail address as invitations and joining compare it. partywall sends no mail, and does not verify that the address is that of the user. */
import { TenancyError } from '../../errors.ts'
import { tryParseDomain } from '../../names/domain-name.ts'
import { seen } from '../../seen.ts'

export interface EmailAddress {
  /** In lower case, the domain in one spelling. */
  readonly text: string
  readonly domain: string
}

const most = 320

/**
 * Two addresses that differ by case only count as the same one. Quoted local parts and comments are refused.
 * @throws TenancyError INVALID_ARGUMENT; its message does not have the address
 */
export function parseEmail(what: string, email: unknown): EmailAddress {
  const parsed = typeof email === 'string' && email.length <= most && email.isWellFormed() ? read(email) : undefined
  if (parsed !== undefined) return parsed
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `"email" of ${what} must be an e-mail address such as ada@example.com; it is ${seen(email)}.`,
    {
      details: { what, option: 'email' },
    },
  )
}

function read(email: string): EmailAddress | undefined {
  const [, local, host] = /^([^\s@"(),:;<>[\]\\\p{Cc}]{1,64})@([^\s@\p{Cc}]+)$/u.exec(email) ?? []
  const domain = host === undefined ? undefined : mailDomain(host)
  return domain === undefined ? undefined : { text: `${local!.toLowerCase()}@${domain}`, domain }
}

/** The domain of an address in one spelling; undefined for an IP address, and for a name without a dot. */
export function mailDomain(host: string): string | undefined {
  const domain = tryParseDomain(host)
  const isName = domain !== undefined && domain.includes('.') && !/[:[\]]/.test(domain) && !/\.\d+$/.test(domain)
  return isName ? domain : undefined
}
