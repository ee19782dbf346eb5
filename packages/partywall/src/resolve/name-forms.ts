/**
 * The forms in which a client may name a tenant in a text of its own choice: a header, a query, a part of the path. Every resolver that
 * reads such a text reads it here, so that one text has one meaning. A domain is not among the forms: domains are read from the host only.
 */
import { TenancyError } from '../errors.ts'
import { isExternalId } from '../names/external-id.ts'
import { isUuid, schemaNameProblem } from '../names/identifier.ts'
import { seen } from '../seen.ts'
import type { TenantRef } from '../types.ts'

/** `externalId` stands alone: the key of another system may look like an id or a schema. */
export type NameForm = 'id' | 'schema' | 'externalId'

export interface NameReader {
  /** For messages: `a tenant id or a schema name`. */
  readonly wanted: string
  /** The tenant that this text names, or undefined when it has none of the forms. All forms bound the length of the text. */
  read(text: string): TenantRef | undefined
}

/**
 * @param what the resolver, for messages about its option `accept`
 * @throws TenancyError INVALID_OPTION
 */
export function nameReader(what: string, accept: unknown = ['id', 'schema']): NameReader {
  const isKnown = Array.isArray(accept) && accept.length > 0 && accept.every((form) => Object.hasOwn(forms, form as PropertyKey))
  if (!isKnown || (accept.length > 1 && accept.includes('externalId'))) {
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "accept" of ${what} must be a list of 'id' and 'schema', or ['externalId'].`,
      {
        details: { option: 'accept', seen: seen(accept) },
      },
    )
  }
  const accepted = (accept as NameForm[]).map((form) => forms[form])
  return {
    wanted: accepted.map(({ called }) => called).join(' or '),
    read: (text) => accepted.map(({ read }) => read(text)).find((ref) => ref !== undefined),
  }
}

/** No text has two forms that may be accepted together: a schema cannot look like a uuid. */
const forms: Record<NameForm, { called: string; read: (text: string) => TenantRef | undefined }> = {
  id: { called: 'a tenant id', read: (text) => (isUuid(text) ? { id: text.toLowerCase() } : undefined) },
  schema: { called: 'a schema name', read: (text) => (schemaNameProblem(text) === undefined ? { schema: text } : undefined) },
  externalId: { called: 'an external id', read: (text) => (isExternalId(text) ? { externalId: text } : undefined) },
}
